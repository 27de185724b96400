package org.gibsey.spine.bench;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.function.DoubleBinaryOperator;
import java.util.function.LongFunction;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.gibsey.spine.bench.Report.Figure;
import org.gibsey.spine.embedded.EmbeddedDatabase;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Ports;
import org.gibsey.spine.embedded.TestIssuer;

/**
 * What it costs to know readers: saves with tokens beside saves without, honest saves beside forged tokens, and a list of one's own
 * behind both walls beside a list of everybody's. Two processes that differ in nothing else take turns.
 */
final class Tokens implements Benchmark {

    private static final int CONNECTIONS = 8;
    private static final int READERS = 100;
    private static final int GIFTS_OF_EACH = 1_000;
    private static final int HONEST_PER_SECOND = 500;
    private static final int FORGED_PER_SECOND = 5_000;
    private static final int AGAIN = 20;
    private static final double SHARE = 0.97;
    private static final double SLOWER = 2;
    private static final double LIST_MS = 0.5;

    private static final String OFF = "nobody is known";
    private static final String ON = "readers are known";
    private static final String ALONE = "nobody forges";
    private static final String FEW = "forged, from " + CONNECTIONS + " addresses";
    /** None of them has been refused so often that its tokens are no longer looked at. */
    private static final String MANY = "forged, each from another address";

    private final Jvm java;

    Tokens(Jvm java) {
        this.java = java;
    }

    @Override
    public void run(Rig rig, Scale scale, Report report) throws Exception {
        rig.emptyVault();
        rig.execute("create role gift_reader nologin", "grant gift_reader to " + EmbeddedDatabase.USER);
        String topic = rig.topic(Drain.PARTITIONS);
        int off = Ports.free();
        int on = Ports.free();
        try (TestIssuer issuer = TestIssuer.start()) {
            List<String> tokens = IntStream.range(0, READERS)
                    .mapToObj(i -> issuer.token(reader(i)))
                    .toList();
            Map<String, String> nobodyKnown = rig.api(topic, off, 0);
            Map<String, String> readersKnown = rig.api(topic, on, 0);
            for (Map<String, String> both : List.of(nobodyKnown, readersKnown)) {
                both.put("LIMIT_SAVES_PER_MINUTE", "0");
                both.put("TRUSTED_PROXIES", "127.0.0.1");
                both.put("VAULT_DB_MIGRATE", "true");
            }
            readersKnown.put("AUTH_ISSUER", issuer.issuer());
            readersKnown.put("VAULT_ROW_SECURITY", "true");
            try (JavaProcess nobody = rig.start(java, "nobody-known", nobodyKnown);
                    JavaProcess readers = rig.start(java, "readers-known", readersKnown)) {
                rig.awaitSaving(nobody, off);
                HttpRequest list = HttpRequest.newBuilder(URI.create("http://localhost:" + on + "/vault/list"))
                        .header("Authorization", "Bearer " + tokens.get(0))
                        .build();
                rig.awaitStatus(readers, list, 200);
                saves(off, on, tokens, scale, report);
                forgeries(on, issuer, tokens, scale, report);
                lists(rig, off, on, tokens, scale, report);
            }
        } finally {
            rig.execute(
                    "alter table vault disable row level security",
                    "alter table gift_change disable row level security",
                    "alter table dead_letter disable row level security",
                    "drop owned by gift_reader",
                    "drop role gift_reader");
        }
        rig.delete(topic);
        rig.emptyVault();
    }

    private static void saves(int off, int on, List<String> tokens, Scale scale, Report report) throws Exception {
        LongFunction<ByteBuffer> nobodys = Gifts.requests();
        LongFunction<ByteBuffer> readers = inTurn(IntStream.range(0, 1_000)
                .mapToObj(i -> Gifts.request(i + 1, authorization(tokens.get(i % READERS))))
                .toList());
        for (Duration warm = Duration.ZERO; warm.compareTo(scale.warmUp()) < 0; warm = warm.plus(scale.measured())) {
            closed(off, CONNECTIONS, 202, nobodys, Duration.ZERO, scale.measured());
            closed(on, CONNECTIONS, 202, readers, Duration.ZERO, scale.measured());
        }
        Rounds rounds = new Rounds();
        // three times as many as of the others: a few per cent are to be told from noise
        for (int round = 0; round < 3 * scale.repeats(); round++) {
            rounds.run(
                    () -> closed(off, CONNECTIONS, 202, nobodys, scale.lead(), scale.measured())
                            .perSecond(),
                    () -> closed(on, CONNECTIONS, 202, readers, scale.lead(), scale.measured())
                            .perSecond());
        }
        rounds.report(report, "Saves, %d connections".formatted(CONNECTIONS), "requests/s");
        Figure share = report.figure(
                "Saves, share of those where nobody is known, round by round",
                ON,
                "",
                rounds.pairs((ofOff, ofOn) -> ofOn / ofOff));
        report.atLeast("saves with tokens that are remembered, of those without", share.median(), SHARE);
    }

    private static void forgeries(int on, TestIssuer issuer, List<String> tokens, Scale scale, Report report)
            throws Exception {
        LongFunction<ByteBuffer> honest = inTurn(IntStream.range(0, 1_000)
                .mapToObj(i -> Gifts.request(i + 1, authorization(tokens.get(i % READERS))))
                .toList());
        String[] parts = issuer.token(reader(0)).split("\\.", -1);
        Random random = new Random(7);
        byte[] signature = new byte[64];
        LongFunction<String> forged = number -> {
            random.nextBytes(signature);
            return authorization(parts[0] + "." + parts[1] + "."
                            + Base64.getUrlEncoder().withoutPadding().encodeToString(signature))
                    + "X-Forwarded-For: 10." + (number >> 16 & 255) + "." + (number >> 8 & 255) + "." + (number & 255)
                    + "\r\n";
        };
        Map<String, LongSupplier> attacks = new LinkedHashMap<>();
        attacks.put(ALONE, null);
        attacks.put(FEW, LongStream.iterate(0, i -> (i + 1) % CONNECTIONS).iterator()::nextLong);
        attacks.put(MANY, LongStream.iterate(CONNECTIONS, i -> i + 1).iterator()::nextLong);
        Map<String, List<Double>> p99 = new LinkedHashMap<>();
        Map<String, List<Double>> refused = new LinkedHashMap<>();
        for (int round = 0; round < scale.repeats(); round++) {
            for (Map.Entry<String, LongSupplier> attack : attacks.entrySet()) {
                LongSupplier addresses = attack.getValue();
                FutureTask<Double> attacker = new FutureTask<>(() -> {
                    try (HttpLoad load = new HttpLoad(on, CONNECTIONS, status -> status == 401 || status == 429)) {
                        return load.open(
                                        due -> get("/vault/list", forged.apply(addresses.getAsLong())),
                                        FORGED_PER_SECOND,
                                        scale.lead(),
                                        scale.measured())
                                .perSecond();
                    }
                });
                if (addresses != null) {
                    new Thread(attacker, "attacker").start();
                }
                p99.computeIfAbsent(attack.getKey(), any -> new ArrayList<>())
                        .add(undisturbed(
                                        CONNECTIONS,
                                        on,
                                        202,
                                        load -> load.open(honest, HONEST_PER_SECOND, scale.lead(), scale.measured()))
                                .millis(99));
                if (addresses != null) {
                    refused.computeIfAbsent(attack.getKey(), any -> new ArrayList<>())
                            .add(attacker.get());
                }
            }
        }
        refused.forEach((name, values) -> report.figure("Forged tokens refused", name, "requests/s", values));
        double alone = report.figure(
                        "p99 of %d honest saves a second".formatted(HONEST_PER_SECOND), ALONE, "ms", p99.get(ALONE))
                .median();
        for (String attack : List.of(FEW, MANY)) {
            Figure beside = report.figure(
                    "p99 of %d honest saves a second".formatted(HONEST_PER_SECOND), attack, "ms", p99.get(attack));
            report.atMost(
                    "p99 of a save, times that where nobody forges; %,d a second %s"
                            .formatted(FORGED_PER_SECOND, attack),
                    beside.median() / alone,
                    SLOWER);
        }
    }

    private static void lists(Rig rig, int off, int on, List<String> tokens, Scale scale, Report report)
            throws Exception {
        rig.execute("""
                insert into vault (user_id, page_id, question, answer, created_at)
                select ('00000000-0000-4000-8000-' || lpad(to_hex(1 + n %% %d), 12, '0'))::uuid, 1 + n %% 1000,
                       'What is on page ' || n || '?', repeat('An answer. ', 15), timestamptz '2026-01-01' + n * interval '1 second'
                  from generate_series(1, %d) n""".formatted(READERS, READERS * GIFTS_OF_EACH), "vacuum analyze vault", "checkpoint");
        LongFunction<ByteBuffer> nobodys = inTurn(List.of(get("/vault/list?limit=20", "")));
        LongFunction<ByteBuffer> readers = inTurn(tokens.stream()
                .map(token -> get("/vault/list?limit=20", authorization(token)))
                .toList());
        closed(off, 1, 200, nobodys, scale.lead(), scale.measured());
        closed(on, 1, 200, readers, scale.lead(), scale.measured());
        Rounds rounds = new Rounds();
        for (int round = 0; round < 3 * scale.repeats(); round++) {
            rounds.run(
                    () -> closed(off, 1, 200, nobodys, scale.lead(), scale.lead())
                            .millis(50),
                    () -> closed(on, 1, 200, readers, scale.lead(), scale.lead())
                            .millis(50));
        }
        rounds.report(report, "GET /vault/list, %,d rows, p50".formatted(READERS * GIFTS_OF_EACH), "ms");
        Figure more = report.figure(
                "GET /vault/list, more than where nobody is known, round by round",
                ON,
                "ms",
                rounds.pairs((ofOff, ofOn) -> ofOn - ofOff));
        report.atMost("a list of one's own behind both walls, ms more", more.median(), LIST_MS);
    }

    private static HttpLoad.Seen closed(
            int port, int connections, int status, LongFunction<ByteBuffer> requests, Duration lead, Duration measured)
            throws Exception {
        return undisturbed(connections, port, status, load -> load.closed(requests, lead, measured));
    }

    private interface Measurement {
        HttpLoad.Seen of(HttpLoad load) throws Exception;
    }

    /** On connections of its own; again when the broker was late in it, as it is now and then where others use the machine. */
    private static HttpLoad.Seen undisturbed(int connections, int port, int status, Measurement measurement)
            throws Exception {
        for (int again = 1; ; again++) {
            try (HttpLoad load = new HttpLoad(port, connections, status)) {
                return measurement.of(load);
            } catch (IOException e) {
                if (again == AGAIN) {
                    throw e;
                }
                System.out.println("measured again: " + e.getMessage());
            }
        }
    }

    /** Measurements of both, one after the other, and every second time the other way round. */
    private static final class Rounds {

        private final List<Double> off = new ArrayList<>();
        private final List<Double> on = new ArrayList<>();

        void run(Callable<Double> ofOff, Callable<Double> ofOn) throws Exception {
            if (off.size() % 2 == 0) {
                off.add(ofOff.call());
                on.add(ofOn.call());
            } else {
                on.add(ofOn.call());
                off.add(ofOff.call());
            }
        }

        List<Double> pairs(DoubleBinaryOperator of) {
            return IntStream.range(0, off.size())
                    .mapToObj(i -> of.applyAsDouble(off.get(i), on.get(i)))
                    .toList();
        }

        void report(Report report, String group, String unit) {
            report.figure(group, OFF, unit, off);
            report.figure(group, ON, unit, on);
        }
    }

    private static UUID reader(int number) {
        return UUID.fromString("00000000-0000-4000-8000-%012x".formatted(number + 1));
    }

    private static String authorization(String token) {
        return "Authorization: Bearer " + token + "\r\n";
    }

    private static LongFunction<ByteBuffer> inTurn(List<ByteBuffer> requests) {
        // those of an open loop are asked for by their time
        long[] next = new long[1];
        return any -> requests.get((int) (next[0]++ % requests.size()));
    }

    private static ByteBuffer get(String path, String headers) {
        return ByteBuffer.wrap(("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n")
                .getBytes(StandardCharsets.US_ASCII));
    }
}
