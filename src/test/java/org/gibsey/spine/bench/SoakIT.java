package org.gibsey.spine.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Ports;
import org.gibsey.spine.embedded.TestCaller;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * A single machine with the flags of the image under saves, with timelines that come and go, an edit of a route every ten
 * seconds and a fault every minute. On request, for as long as is asked: {@code -Pfaults -Dsoak.minutes=30 -Dit.test=SoakIT}.
 * There is a third of the saves a second that the process, its services and the savers were seen to do together at first, or
 * {@code -Dsoak.rate}. Prints a line a minute.
 */
@Tag("slow")
@EnabledIfSystemProperty(named = "soak.minutes", matches = "[1-9][0-9]*")
// the limit of other tests, which ended one of thirty minutes two minutes before its end
@Timeout(value = 6, unit = TimeUnit.HOURS)
class SoakIT {

    private static final int MINUTES = Integer.getInteger("soak.minutes", 30);
    private static final int SAVERS = 16;
    private static final Duration AT_FULL_RATE = Duration.ofSeconds(30);
    /** The audit reads all that was saved, and is held up by nothing but its own pace. */
    private static final Duration AUDIT = Duration.ofMinutes(30);

    private static final int TIMELINES = 40;

    private final HttpClient http = HttpClient.newHttpClient();
    private final Map<Integer, AtomicLong> answers = new ConcurrentHashMap<>();
    private final int port = Ports.free();
    private final int management = Ports.free();

    @TempDir
    Path folder;

    /** What the process holds at a moment. */
    private record Held(long residentMb, long threads, long files, long sockets) {

        static Held by(JavaProcess process) throws IOException {
            Map<String, String> status = new TreeMap<>();
            Path proc = Path.of("/proc", Long.toString(process.pid()));
            for (String line : Files.readAllLines(proc.resolve("status"))) {
                status.put(line.split(":", 2)[0], line.split(":", 2)[1].strip().split(" ", 2)[0]);
            }
            List<String> handles = new ArrayList<>();
            try (Stream<Path> open = Files.list(proc.resolve("fd"))) {
                for (Path handle : open.toList()) {
                    // one that has been closed in the meantime is no link any more
                    handles.add(
                            Files.isSymbolicLink(handle)
                                    ? Files.readSymbolicLink(handle).toString()
                                    : "");
                }
            }
            return new Held(
                    Long.parseLong(status.get("VmRSS")) / 1024,
                    Long.parseLong(status.get("Threads")),
                    handles.size(),
                    handles.stream()
                            .filter(handle -> handle.startsWith("socket:"))
                            .count());
        }
    }

    @Test
    void holdsNoMoreAtTheEnd() throws Exception {
        Jvm java = Jvm.find(25).orElse(Jvm.own());
        List<Held> held = new ArrayList<>();
        try (Rig rig = Rig.start(folder.resolve("rig"), "")) {
            String topic = rig.topic(6);
            Map<String, String> settings = rig.api(topic, port, management);
            settings.put("VAULT_ROUTES", "file:" + rig.application().routes() + "/*.camel.yaml");
            try (JavaProcess spine = rig.start(java, "soak", settings)) {
                TestCaller caller = new TestCaller(port, management);
                await().until(caller::isReady);
                ScheduledExecutorService users = Executors.newScheduledThreadPool(SAVERS + 2);
                try {
                    // each goes on for ever, unless it has failed
                    List<Future<?>> work = new ArrayList<>();
                    Deque<Future<?>> timelines = new ArrayDeque<>();
                    work.add(users.scheduleWithFixedDelay(() -> comeAndGo(timelines), 0, 500, TimeUnit.MILLISECONDS));
                    double rate = rate(rig, users);
                    System.out.printf(Locale.ROOT, "%.0f saves a second from now on%n", rate);
                    long nanos = (long) (TimeUnit.SECONDS.toNanos(1) * SAVERS / rate);
                    for (int i = 0; i < SAVERS; i++) {
                        work.add(
                                users.scheduleAtFixedRate(this::save, i * nanos / SAVERS, nanos, TimeUnit.NANOSECONDS));
                    }
                    Path routes = rig.application().routes();
                    work.add(users.scheduleAtFixedRate(() -> edit(routes), 10, 10, TimeUnit.SECONDS));
                    for (int minute = 1; minute <= MINUTES; minute++) {
                        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
                        fault(rig, minute);
                        TimeUnit.NANOSECONDS.sleep(end - System.nanoTime());
                        Rig.requireAlive(spine);
                        assertThat(work).noneMatch(Future::isDone);
                        held.add(Held.by(spine));
                        System.out.printf(
                                Locale.ROOT, "minute %d: %s, answers %s%n", minute, held.get(minute - 1), answers);
                    }
                } finally {
                    users.shutdownNow();
                }
                await().atMost(AUDIT)
                        .ignoreExceptionsInstanceOf(IOException.class)
                        .untilAsserted(() -> assertThat(caller.ledger())
                                .contains("\"balanced\":true", "\"inFlight\":0", "\"unaccounted\":0"));
            }
        }
        // the first quarter fills heap and caches
        List<Held> early = held.subList(MINUTES / 4, Math.max(MINUTES / 2, MINUTES / 4 + 1));
        List<Held> late = held.subList(MINUTES - early.size(), MINUTES);
        assertThat(median(late, Held::residentMb)).isLessThan(median(early, Held::residentMb) * 11 / 10 + 16);
        assertThat(median(late, Held::threads)).isLessThan(median(early, Held::threads) + 10);
        assertThat(median(late, Held::files)).isLessThan(median(early, Held::files) + 20);
        assertThat(median(late, Held::sockets)).isLessThan(median(early, Held::sockets) + 20);
    }

    /** What is asked for, or a third of what is saved and stored while nobody pauses: the second of two looks, as the first warms up. */
    private double rate(Rig rig, ScheduledExecutorService users) throws Exception {
        Integer asked = Integer.getInteger("soak.rate");
        if (asked != null) {
            return asked;
        }
        fullRate(rig, users);
        double full = fullRate(rig, users);
        System.out.printf(Locale.ROOT, "%.0f saves a second at full rate%n", full);
        return full / 3;
    }

    /** Saves a second, until the last of them is a row. */
    private double fullRate(Rig rig, ScheduledExecutorService users) throws Exception {
        long before = accepted();
        long begin = System.nanoTime();
        List<Future<?>> savers = new ArrayList<>();
        for (int i = 0; i < SAVERS; i++) {
            savers.add(users.submit(() -> {
                while (System.nanoTime() - begin < AT_FULL_RATE.toNanos()) {
                    save();
                }
            }));
        }
        for (Future<?> saver : savers) {
            saver.get();
        }
        await().until(() -> rig.number("select count(*) from vault") >= accepted());
        return (accepted() - before) * 1e9 / (System.nanoTime() - begin);
    }

    private long accepted() {
        AtomicLong accepted = answers.get(202);
        return accepted == null ? 0 : accepted.get();
    }

    private static long median(List<Held> held, ToLongFunction<Held> what) {
        return held.stream()
                .mapToLong(what)
                .sorted()
                .skip(held.size() / 2)
                .findFirst()
                .orElseThrow();
    }

    /** Counts its answer, 0 for none. */
    private void save() {
        int status;
        try {
            status = http.send(
                            HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/vault/save"))
                                    .header("Content-Type", "application/json")
                                    .timeout(Duration.ofSeconds(20))
                                    .POST(
                                            BodyPublishers.ofString(
                                                    "{\"page_id\":7,\"question\":\"How long?\",\"answer\":\"As long as it takes.\"}"))
                                    .build(),
                            BodyHandlers.discarding())
                    .statusCode();
        } catch (IOException e) {
            status = 0;
        } catch (InterruptedException e) {
            return;
        }
        answers.computeIfAbsent(status, unseen -> new AtomicLong()).incrementAndGet();
    }

    private void comeAndGo(Deque<Future<?>> timelines) {
        HttpRequest timeline = HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/vault/stream"))
                .build();
        timelines.add(http.sendAsync(timeline, BodyHandlers.discarding()));
        if (timelines.size() > TIMELINES) {
            timelines.remove().cancel(true);
        }
    }

    private static void edit(Path routes) {
        try {
            for (String id : List.of("persist-gifts", "save-gift")) {
                Path file = routes.resolve(id + ".camel.yaml");
                Files.writeString(
                        file,
                        Files.readString(file)
                                .replaceFirst("description: .*", "description: edit " + System.nanoTime()));
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Another one each minute, over within some seconds. */
    private static void fault(Rig rig, int minute) throws Exception {
        switch (minute % 5) {
            case 0 -> {
                rig.database().freeze();
                TimeUnit.SECONDS.sleep(5);
                rig.database().thaw();
            }
            case 1 ->
                rig.execute(
                        "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and usename = 'gibsey'");
            case 2 -> {
                rig.kafka().process().freeze();
                TimeUnit.SECONDS.sleep(5);
                rig.kafka().process().thaw();
            }
            case 3 -> {
                rig.database().kill();
                rig.database().start();
            }
            default -> {
                rig.kafka().process().kill();
                rig.kafka().restart();
            }
        }
    }
}
