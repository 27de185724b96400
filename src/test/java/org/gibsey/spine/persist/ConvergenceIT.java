package org.gibsey.spine.persist;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.sql.DataSource;
import org.apache.camel.CamelContext;
import org.gibsey.spine.embedded.SpineIT;
import org.gibsey.spine.gift.Gift;
import org.gibsey.spine.gift.GiftChange;
import org.gibsey.spine.gift.GiftChange.Field;
import org.gibsey.spine.gift.GiftChange.Kind;
import org.gibsey.spine.gift.ModelOfAGift;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.dao.PessimisticLockingFailureException;
import org.springframework.jdbc.core.namedparam.NamedParameterJdbcTemplate;

/**
 * Made-up lives of gifts, whose events reach the SQL of the route files in any order, some again, through two workers at a time:
 * the row has to be what a model says that looks at the events in the order of their times.
 */
@SpineIT
class ConvergenceIT {

    private static final int GIFTS = 4;
    private static final int MOST_CHANGES = 7;

    @Autowired
    CamelContext camel;

    @Autowired
    ChangeEvents changeEvents;

    @Autowired
    DataSource dataSource;

    private final ExecutorService workers = Executors.newFixedThreadPool(2);

    @AfterEach
    void stopWorkers() {
        workers.shutdownNow();
    }

    @Test
    void fiftyLivesEndAsTheModelSaysInWhateverOrderTheirEventsCome() throws Exception {
        for (long seed = 1; seed <= 50; seed++) {
            live(seed);
        }
    }

    @Tag("slow")
    @Test
    void aThousandLivesEndAsTheModelSays() throws Exception {
        for (long seed = 101; seed <= 1_100; seed++) {
            live(seed);
        }
    }

    /** A gift and what was done to it. */
    private record Life(UUID id, Gift saved, List<GiftChange> changes) {}

    /** What one statement stores: saves, or changes. */
    private record Slice(Map<UUID, Gift> saves, List<GiftChange> changes) {}

    private void live(long seed) throws Exception {
        Random random = new Random(seed);
        List<Life> lives = new ArrayList<>();
        for (int i = 0; i < GIFTS; i++) {
            lives.add(life(random));
        }
        List<List<Slice>> arrivals = List.of(new ArrayList<>(), new ArrayList<>());
        for (Slice slice : slices(lives, random)) {
            arrivals.get(random.nextInt(2)).add(slice);
        }

        List<Future<?>> done = new ArrayList<>();
        for (List<Slice> arrival : arrivals) {
            done.add(workers.submit(() -> store(arrival)));
        }
        for (Future<?> worker : done) {
            worker.get();
        }

        for (Life life : lives) {
            assertThat(stored(life.id))
                    .as("seed %d, gift %s", seed, life.id)
                    .isEqualTo(ModelOfAGift.of(life.saved, life.changes));
            assertThat(history(life.id))
                    .as("seed %d, history of %s", seed, life.id)
                    .containsExactlyInAnyOrderElementsOf(
                            life.changes.stream().map(GiftChange::id).toList());
        }
    }

    /** Changes as processes make them that have seen some of the others, and whose clocks differ. */
    private static Life life(Random random) {
        UUID id = id(random);
        // not so long ago that what is deleted then has to be taken away for good
        Instant now = Instant.now().minus(Duration.ofDays(7)).truncatedTo(ChronoUnit.MICROS);
        Gift saved = new Gift(
                56_001, "q", "a", random.nextBoolean() ? 1 : null, random.nextBoolean() ? "de" : null, null, now);
        List<GiftChange> changes = new ArrayList<>();
        int count = random.nextInt(MOST_CHANGES + 1);
        for (int i = 0; i < count; i++) {
            List<GiftChange> seen =
                    changes.stream().filter(change -> random.nextInt(3) > 0).toList();
            // some are made in the same microsecond
            Instant at = now.plus(random.nextInt(5), ChronoUnit.MICROS);
            for (GiftChange change : seen) {
                at = at.isAfter(change.at()) ? at : change.at().plus(1, ChronoUnit.MICROS);
            }
            Kind kind = random.nextInt(5) < 3 ? Kind.EDITED : random.nextBoolean() ? Kind.DELETED : Kind.RESTORED;
            Set<Field> sets = EnumSet.noneOf(Field.class);
            while (kind == Kind.EDITED && sets.isEmpty()) {
                EnumSet.allOf(Field.class).stream()
                        .filter(field -> random.nextBoolean())
                        .forEach(sets::add);
            }
            ModelOfAGift is = ModelOfAGift.of(saved, seen);
            Gift image = new Gift(
                    saved.pageId(),
                    sets.contains(Field.QUESTION) ? "q" + i : is.question(),
                    sets.contains(Field.ANSWER) ? "a" + i : is.answer(),
                    sets.contains(Field.SYMBOL_ID) ? (random.nextInt(3) == 0 ? null : i) : is.symbolId(),
                    sets.contains(Field.LANG) ? (random.nextInt(3) == 0 ? null : "x-" + i) : is.lang(),
                    null,
                    now);
            changes.add(new GiftChange(id(random), kind, id, image, sets, null, null, at));
        }
        return new Life(id, saved, changes);
    }

    private static UUID id(Random random) {
        return new UUID(random.nextLong(), random.nextLong());
    }

    /** All events in a made-up order, one in four of them twice. */
    private static List<Slice> slices(List<Life> lives, Random random) {
        List<Object> events = new ArrayList<>();
        for (Life life : lives) {
            events.add(life);
            events.addAll(life.changes);
        }
        new ArrayList<>(events).stream().filter(event -> random.nextInt(4) == 0).forEach(events::add);
        Collections.shuffle(events, random);
        List<Slice> slices = new ArrayList<>();
        while (!events.isEmpty()) {
            Map<UUID, Gift> saves = new LinkedHashMap<>();
            Map<UUID, GiftChange> changes = new LinkedHashMap<>();
            for (Object event : List.copyOf(events.subList(0, Math.min(events.size(), 1 + random.nextInt(4))))) {
                if (event instanceof Life life) {
                    saves.put(life.id, life.saved);
                    events.remove(event);
                } else if (event instanceof GiftChange change && changes.putIfAbsent(change.gift(), change) == null) {
                    events.remove(event);
                }
            }
            slices.add(new Slice(saves, List.copyOf(changes.values())));
        }
        return slices;
    }

    private Void store(List<Slice> slices) throws Exception {
        NamedParameterJdbcTemplate jdbc = new NamedParameterJdbcTemplate(dataSource);
        for (Slice slice : slices) {
            if (!slice.saves.isEmpty()) {
                jdbc.update(RouteSql.of(camel, "persist-gifts", "set-insert"), parameters(slice.saves));
            }
            if (!slice.changes.isEmpty()) {
                String sql = RouteSql.of(camel, "persist-changes", "set-change");
                Map<String, Object> parameters = Map.of(
                        "changes",
                        changeEvents.json(
                                slice.changes.stream().map(ChangeEvents.Row::of).toList()));
                while (!stored(jdbc, sql, parameters)) {
                    // as a worker does after any outage
                }
            }
        }
        return null;
    }

    private static boolean stored(NamedParameterJdbcTemplate jdbc, String sql, Map<String, Object> parameters) {
        try {
            jdbc.queryForList(sql, parameters);
            return true;
        } catch (PessimisticLockingFailureException e) {
            return false;
        }
    }

    private static Map<String, Object> parameters(Map<UUID, Gift> saves) {
        Map<String, Object> columns = new HashMap<>();
        Collection<Gift> gifts = saves.values();
        columns.put("event_id", saves.keySet().stream().map(UUID::toString).toArray(String[]::new));
        columns.put("user_id", new String[gifts.size()]);
        columns.put("page_id", gifts.stream().map(Gift::pageId).toArray(Long[]::new));
        columns.put("question", gifts.stream().map(Gift::question).toArray(String[]::new));
        columns.put("answer", gifts.stream().map(Gift::answer).toArray(String[]::new));
        columns.put("symbol_id", gifts.stream().map(Gift::symbolId).toArray(Integer[]::new));
        columns.put("lang", gifts.stream().map(Gift::lang).toArray(String[]::new));
        columns.put(
                "created_at",
                gifts.stream().map(gift -> gift.savedAt().toString()).toArray(String[]::new));
        return columns;
    }

    private ModelOfAGift stored(UUID gift) {
        return new NamedParameterJdbcTemplate(dataSource)
                .queryForObject(
                        "select question, answer, symbol_id, lang, revision, deleted_at from vault where event_id = :gift",
                        Map.of("gift", gift),
                        (row, number) -> new ModelOfAGift(
                                row.getString("question"),
                                row.getString("answer"),
                                row.getObject("symbol_id", Integer.class),
                                row.getString("lang"),
                                row.getObject("revision", UUID.class),
                                row.getTimestamp("deleted_at") != null));
    }

    private List<UUID> history(UUID gift) {
        return new NamedParameterJdbcTemplate(dataSource)
                .queryForList("select change_id from gift_change where gift = :gift", Map.of("gift", gift), UUID.class);
    }
}
