package org.gibsey.spine.bench;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Ports;

/** How long a page of the list takes while the vault grows. */
final class ListGrowth implements Benchmark {

    private static final Map<String, String> PAGES = new LinkedHashMap<>();

    static {
        PAGES.put("first page", "/vault/list?page=1&limit=20");
        PAGES.put("page 1,000", "/vault/list?page=1000&limit=20");
    }

    private final Jvm java;

    ListGrowth(Jvm java) {
        this.java = java;
    }

    @Override
    public void run(Rig rig, Scale scale, Report report) throws Exception {
        rig.emptyVault();
        int port = Ports.free();
        try (JavaProcess api = rig.start(java, "api", rig.api(rig.topic(1), port, 0))) {
            rig.awaitOk(api, port, "/vault/list");
            Map<String, List<Double>> millis = new LinkedHashMap<>();
            int there = 0;
            for (int rows : scale.rows()) {
                fill(rig, there, rows);
                there = rows;
                for (int repeat = 0; repeat < scale.repeats(); repeat++) {
                    for (Map.Entry<String, String> page : PAGES.entrySet()) {
                        try (HttpLoad load = new HttpLoad(port, 1, 200)) {
                            ByteBuffer request = get(page.getValue());
                            millis.computeIfAbsent(
                                            "Gift Spine, %s, %,d rows".formatted(page.getKey(), rows),
                                            any -> new ArrayList<>())
                                    .add(load.closed(number -> request, scale.lead(), scale.lead())
                                            .millis(50));
                        }
                    }
                }
            }
            millis.forEach((name, values) -> report.figure("GET /vault/list, p50", name, "ms", values));
        }
        rig.emptyVault();
    }

    static void fill(Rig rig, int from, int to) throws Exception {
        rig.execute("""
                insert into vault (page_id, question, answer, created_at)
                select 1 + n %% 1000, 'What is on page ' || n || '?', repeat('An answer. ', 15),
                       timestamptz '2026-01-01' + n * interval '1 second'
                  from generate_series(%d, %d) n""".formatted(from + 1, to), "vacuum analyze vault", "checkpoint");
    }

    private static ByteBuffer get(String path) {
        return ByteBuffer.wrap(
                ("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
    }
}
