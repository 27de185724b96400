package org.gibsey.spine.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What a vault takes on disk, how fast rows come in, and how fast old ones can be moved away, while it grows. */
final class Archive implements Benchmark {

    private static final int ROWS_OF_A_STATEMENT = 2_000;
    private static final int ARCHIVED_AT_ONCE = 10_000;

    /** As docs/operations.md has it. */
    private static final String MOVE = """
            with old as (select id from vault where created_at < timestamptz '%s' order by created_at, id limit %d),
                 gone as (delete from vault using old where vault.id = old.id returning vault.*)
            insert into vault_archive select * from gone""";

    @Override
    public void run(Rig rig, Scale scale, Report report) throws Exception {
        rig.emptyVault();
        int there = 0;
        for (int rows : scale.rows()) {
            ListGrowth.fill(rig, there, rows);
            there = rows;
            String at = String.format(Locale.ROOT, "%,d rows", rows);
            report.figure("vault, table", at, "MB", List.of(rig.number("select pg_table_size('vault')") / 1e6));
            report.figure("vault, indexes", at, "MB", List.of(rig.number("select pg_indexes_size('vault')") / 1e6));
            List<Double> stored = new ArrayList<>();
            List<Double> moved = new ArrayList<>();
            rig.execute("drop table if exists vault_archive", "create table vault_archive (like vault)");
            for (int repeat = 0; repeat < 20; repeat++) {
                stored.add(ROWS_OF_A_STATEMENT / seconds(rig, insert(there)));
                there += ROWS_OF_A_STATEMENT;
                moved.add(ARCHIVED_AT_ONCE / seconds(rig, MOVE.formatted("2100-01-01", ARCHIVED_AT_ONCE)));
            }
            report.figure("rows of one statement of 2,000 stored", at, "rows/s", stored);
            report.figure("rows of one statement of 10,000 archived", at, "rows/s", moved);
            report.figure("vacuum after that", at, "s", List.of(seconds(rig, "vacuum vault")));
        }
        rig.execute("drop table vault_archive");
        rig.emptyVault();
    }

    /** Of the vault, as ids of events are random. */
    private static String insert(int from) {
        return """
                insert into vault (event_id, page_id, question, answer, created_at)
                select gen_random_uuid(), 1 + n %% 1000, 'What is on page ' || n || '?', repeat('An answer. ', 15),
                       timestamptz '2026-01-01' + n * interval '1 second'
                  from generate_series(%d, %d) n
                    on conflict (event_id) do nothing""".formatted(from + 1, from + ROWS_OF_A_STATEMENT);
    }

    private static double seconds(Rig rig, String sql) throws Exception {
        long began = System.nanoTime();
        rig.execute(sql);
        return (System.nanoTime() - began) / 1e9;
    }
}
