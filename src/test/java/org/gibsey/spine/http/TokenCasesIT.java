package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.nimbusds.jose.EncryptionMethod;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWEAlgorithm;
import com.nimbusds.jose.JWEHeader;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.DirectEncrypter;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jwt.EncryptedJWT;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.gibsey.spine.embedded.EmbeddedDatabase;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.embedded.Ports;
import org.gibsey.spine.embedded.Promise;
import org.gibsey.spine.embedded.SharedServices;
import org.gibsey.spine.embedded.SpanReceiver;
import org.gibsey.spine.embedded.TestDatabase;
import org.gibsey.spine.embedded.TestIssuer;
import org.gibsey.spine.embedded.TestTopic;
import org.gibsey.spine.http.RawHttp.Answer;
import org.gibsey.spine.timeline.TestStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Readers and operators as processes of the packaged application meet them: one with all routes and row security, and a second one,
 * an API with a single connection to the same database. What is refused comes from an address of its own each time, since twenty
 * refusals are all that one has.
 */
@Tag("slow")
class TokenCasesIT {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String TOPIC = "tokens_" + UUID.randomUUID().toString().substring(0, 8);
    private static final UUID ANNA = UUID.fromString("aaaaaaaa-0000-4000-8000-000000000001");
    private static final UUID BERT = UUID.fromString("bbbbbbbb-0000-4000-8000-000000000002");
    private static final Pattern STATUS = Pattern.compile("HTTP/1\\.1 (\\d+)");
    private static final String SECRET = "a secret of this test that nobody else has";
    private static final String FILTER = "and (:?reader::uuid is null or user_id = :?reader::uuid)";
    private static final int PORT = Ports.free();
    private static final int MANAGEMENT = Ports.free();
    private static final int OTHER = Ports.free();
    private static final int OTHER_MANAGEMENT = Ports.free();
    private static final AtomicInteger ADDRESSES = new AtomicInteger();
    private static final AtomicInteger PAGES = new AtomicInteger(80_000);

    @TempDir
    static Path folder;

    private static Path routes;
    private static TestDatabase database;
    private static TestIssuer issuer;
    private static SpanReceiver spans;
    private static JdbcClient vault;
    private static JavaProcess spine;
    private static JavaProcess other;
    private static String ofWithdrawnKey;
    private static Instant withdrawn;

    @BeforeAll
    static void start() throws Exception {
        database = TestDatabase.create();
        vault = JdbcClient.create(database.dataSource());
        issuer = TestIssuer.start();
        spans = SpanReceiver.start();
        ECKey second = TestIssuer.newKey("second");
        issuer.publish(issuer.key(), second);
        try (Connection connection = SharedServices.get().database().superuser();
                Statement statement = connection.createStatement()) {
            statement.execute("create role gift_reader nologin; grant gift_reader to " + EmbeddedDatabase.USER);
        }
        Files.write(
                folder.resolve("tokens"),
                List.of(
                        "vera view sha256:" + hash("token-of-vera"),
                        "olga view,operate sha256:" + hash("token-of-olga")));
        routes = Files.createDirectory(folder.resolve("routes"));
        try (Stream<Path> files = Files.list(Path.of("routes"))) {
            for (Path file : files.filter(found -> found.toString().endsWith(".camel.yaml"))
                    .toList()) {
                Files.copy(file, routes.resolve(file.getFileName()));
            }
        }
        spine = process(
                "spine",
                issuer,
                PORT,
                MANAGEMENT,
                Map.of(
                        "VAULT_ROUTES",
                        "file:" + routes + "/*.camel.yaml",
                        "LIMIT_SAVES_PER_MINUTE",
                        "0",
                        "MANAGEMENT_SERVER_ADDRESS",
                        "0.0.0.0",
                        "MANAGEMENT_TOKENS",
                        folder.resolve("tokens").toString()));
        awaitReady(spine, MANAGEMENT);
        other = process(
                "other",
                issuer,
                OTHER,
                OTHER_MANAGEMENT,
                Map.of(
                        "VAULT_ROUTES",
                        "file:routes/save-gift.camel.yaml,file:routes/list-gifts.camel.yaml,file:routes/show-gift.camel.yaml",
                        "VAULT_DB_CONNECTIONS",
                        "1",
                        "LIMIT_SAVES_PER_MINUTE",
                        "1",
                        "LOGGING_LEVEL_ROOT",
                        "DEBUG",
                        // what it takes is never stored
                        "KAFKA_TOPIC",
                        TOPIC + ".nobodys"));
        awaitReady(other, OTHER_MANAGEMENT);
        ofWithdrawnKey = TestIssuer.sign(issuer.claims(ANNA).build(), second);
        assertThat(list(PORT, ofWithdrawnKey).status()).isEqualTo(200);
        issuer.publish(issuer.key());
        withdrawn = Instant.now();
    }

    @AfterAll
    static void stop() throws Exception {
        other.close();
        spine.close();
        spans.close();
        issuer.close();
        database.close();
    }

    // tokens

    @Test
    void refusesATokenThatIsNotSigned() throws Exception {
        String plain = new PlainJWT(issuer.claims(ANNA).build()).serialize();
        String[] parts = issuer.token(ANNA).split("\\.", -1);

        assertRefused(plain);
        for (String none : List.of("none", "nOnE", "NONE", "")) {
            String header = base64("{\"alg\":\"" + none + "\",\"kid\":\"first\"}");
            assertRefused(header + "." + parts[1] + ".");
            assertRefused(header + "." + parts[1] + "." + parts[2]);
        }
    }

    @Test
    void refusesThePublicKeyAsASecret() throws Exception {
        assertThat(list(PORT, withSecret(issuer.claims(ANNA).build(), SECRET.getBytes(StandardCharsets.UTF_8)))
                        .status())
                .as("the secret itself counts")
                .isEqualTo(200);
        for (byte[] form : List.of(
                issuer.key().toECPublicKey().getEncoded(),
                issuer.key().toPublicJWK().toJSONString().getBytes(StandardCharsets.UTF_8))) {
            assertRefused(withSecret(issuer.claims(ANNA).build(), form));
        }
    }

    @Test
    void refusesAChangedCopyOfATokenThatItHasJustTaken() throws Exception {
        String token = issuer.token(ANNA);
        assertThat(list(PORT, token).status()).isEqualTo(200);
        String[] parts = token.split("\\.", -1);
        byte[] claims = Base64.getUrlDecoder().decode(parts[1]);
        claims[claims.length / 2] ^= 1;

        assertRefused(parts[0] + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(claims) + "." + parts[2]);
        assertThat(list(PORT, token).status()).isEqualTo(200);
    }

    @Test
    void allowsHalfAMinuteBetweenTheClocksAndATokenHasAnEnd() throws Exception {
        Instant now = Instant.now();

        assertRefused(with(claims -> claims.expirationTime(null)));
        assertRefused(with(claims -> claims.expirationTime(Date.from(now.minusSeconds(31)))));
        assertRefused(
                with(claims -> claims.notBeforeTime(Date.from(Instant.now().plusSeconds(45)))));
        assertThat(list(PORT, with(claims -> claims.notBeforeTime(Date.from(now.plusSeconds(29)))))
                        .status())
                .isEqualTo(200);
        // its last seconds go by while it is sent
        String justOver =
                with(claims -> claims.expirationTime(Date.from(Instant.now().minusSeconds(15))));
        assertThat(list(PORT, justOver).status()).isEqualTo(200);
    }

    @Test
    void refusesTheKeysOfTheProjectWhichAreTokensToo() throws Exception {
        for (String role : List.of("anon", "service_role")) {
            JWTClaimsSet key =
                    issuer.claims(ANNA).subject(null).claim("role", role).build();
            assertRefused(withSecret(key, SECRET.getBytes(StandardCharsets.UTF_8)));
            assertRefused(issuer.sign(key));
        }
    }

    @Test
    void isForThisServiceAndOfThisIssuerToTheLetter() throws Exception {
        assertRefused(with(claims -> claims.issuer(issuer.issuer() + "/")));
        assertRefused(with(claims -> claims.audience(List.of("others", "authenticated2"))));
        assertThat(list(PORT, with(claims -> claims.audience(List.of("others", "authenticated"))))
                        .status())
                .isEqualTo(200);
    }

    @Test
    void namesAReader() throws Exception {
        for (String nobody : new String[] {"somebody", "1-1-1-1-1", new UUID(0, 0).toString(), null}) {
            assertRefused(with(claims -> claims.subject(nobody)));
        }
    }

    /** Twenty of each of five hundred addresses, while a reader goes on; then the issuer has a new key. */
    @Test
    void madeUpNamesOfKeysTurnItNeitherAgainstItsIssuerNorAgainstReaders() throws Exception {
        AtomicBoolean over = new AtomicBoolean();
        Set<Integer> answers = new HashSet<>();
        CompletableFuture<Void> reader = CompletableFuture.runAsync(() -> {
            String token = issuer.token(ANNA);
            while (!over.get()) {
                answers.add(status(token));
            }
        });
        String[] parts = issuer.token(BERT).split("\\.", -1);
        int fetchesBefore = issuer.fetches();
        long began = System.nanoTime();
        for (int address = 0; address < 500; address++) {
            StringBuilder calls = new StringBuilder();
            for (int i = 0; i < 20; i++) {
                String header = base64("{\"alg\":\"ES256\",\"kid\":\"" + UUID.randomUUID() + "\"}");
                calls.append("GET /vault/list HTTP/1.1\nHost: x\nAuthorization: Bearer ")
                        .append(String.join(".", header, parts[1], parts[2]))
                        .append(i < 19 ? "\n\n" : "\nConnection: close\n\n");
            }
            Answer all = RawHttp.send(PORT, nextAddress(), calls.toString());
            // 429 once more are wrong than are looked at
            assertThat(Stream.concat(
                            Stream.of(all.status()),
                            STATUS.matcher(all.body()).results().map(line -> Integer.valueOf(line.group(1)))))
                    .as(all.body())
                    .hasSize(20)
                    .containsAnyOf(401, 429)
                    .isSubsetOf(401, 429);
        }
        long halfMinutes = Duration.ofNanos(System.nanoTime() - began).toSeconds() / 30;
        assertThat(issuer.fetches() - fetchesBefore).isLessThanOrEqualTo((int) halfMinutes + 2);

        ECKey rotated = TestIssuer.newKey("rotated");
        issuer.publish(issuer.key(), rotated);
        String ofNewKey = TestIssuer.sign(issuer.claims(BERT).build(), rotated);
        Promise.within(
                Duration.ofSeconds(35),
                "a new key of the issuer counts",
                () -> assertThat(call(PORT, nextAddress(), "GET /vault/list", ofNewKey)
                                .status())
                        .isEqualTo(200));
        over.set(true);
        reader.join();
        assertThat(answers).containsExactly(200);
    }

    @Test
    void startsWithoutItsIssuerHealsAndOutlivesItsAbsence() throws Exception {
        int port = Ports.free();
        int management = Ports.free();
        try (TestIssuer late = TestIssuer.start()) {
            late.setAway(true);
            try (JavaProcess process = process(
                    "late", late, port, management, Map.of("VAULT_ROUTES", "file:routes/list-gifts.camel.yaml"))) {
                awaitReady(process, management);
                Answer none = list(port, late.token(ANNA));
                assertThat(none.status()).isEqualTo(503);
                assertThat(none.body()).contains("/problems#issuer");

                late.setAway(false);
                await().until(() -> list(port, late.token(ANNA)).status() == 200);

                late.setAway(true);
                assertThat(list(port, late.token(BERT)).status()).isEqualTo(200);
                assertThat(status("/actuator/health/readiness", management)).isEqualTo(200);
            }
        }
    }

    /** Five minutes that keys are fresh, one that a token is remembered, and what a look takes. */
    @Test
    void refusesAKeyThatWasWithdrawnWhenItsTimeIsOver() {
        await().atMost(Duration.ofMinutes(7))
                .pollInterval(Duration.ofSeconds(3))
                .until(() -> call(PORT, nextAddress(), "GET /vault/list", ofWithdrawnKey)
                                .status()
                        == 401);
        Promise.kept(
                "a key that was withdrawn counts no more",
                Duration.between(withdrawn, Instant.now()),
                Duration.ofMinutes(6).plusSeconds(10));
    }

    @Test
    void refusesATokenThatBringsItsKeyOrIsEncrypted() throws Exception {
        ECKey own = TestIssuer.newKey("first");
        JWSHeader.Builder plain = new JWSHeader.Builder(JWSAlgorithm.ES256).keyID("first");
        for (JWSHeader header : List.of(
                new JWSHeader.Builder(plain.build()).jwk(own.toPublicJWK()).build(),
                new JWSHeader.Builder(plain.build())
                        .jwkURL(URI.create("http://127.0.0.1:1/keys"))
                        .build(),
                new JWSHeader.Builder(JWSAlgorithm.ES256)
                        .keyID("first")
                        .criticalParams(Set.of("own"))
                        .customParam("own", true)
                        .build())) {
            for (ECKey key : List.of(own, issuer.key())) {
                SignedJWT token = new SignedJWT(header, issuer.claims(ANNA).build());
                token.sign(new ECDSASigner(key));
                assertRefused(token.serialize());
            }
        }
        EncryptedJWT encrypted = new EncryptedJWT(
                new JWEHeader.Builder(JWEAlgorithm.DIR, EncryptionMethod.A128GCM).build(),
                issuer.claims(ANNA).build());
        encrypted.encrypt(new DirectEncrypter(new byte[16]));
        assertRefused(encrypted.serialize());
    }

    // who gets no further than the door

    @Test
    void noPathLeadsPastTheDoor() throws Exception {
        for (String target : List.of(
                "GET //vault/list",
                "GET /vault;x/list",
                "GET /%76ault/list",
                "HEAD /vault/list",
                "GET /x/../vault/list",
                "GET /%76ault/stream",
                "POST /vault;x/save")) {
            assertThat(call(PORT, nextAddress(), target, null).status())
                    .as(target)
                    .isEqualTo(401);
        }
        try (RawHttp2 connection = RawHttp2.open(PORT, 1, RawHttp2.WINDOW)) {
            for (String path : List.of("/vault/list", "//vault/list", "/%76ault/list")) {
                connection.get(path);
            }
            assertThat(connection.answers(3)).hasSize(3).allMatch(body -> body.contains("/problems#signin"));
        }
    }

    @Test
    void anothersGiftIsAsAbsentAsOneThatNeverWas() throws Exception {
        String stored = save(PORT, ANNA, PAGES.incrementAndGet(), "stored", "", "");
        await().until(() -> show(PORT, ANNA, stored).status() == 200);
        String inFlight = save(OTHER, ANNA, PAGES.incrementAndGet(), "in flight", "", "");
        int page = PAGES.incrementAndGet();
        try (TestTopic topic = topic(TOPIC)) {
            topic.write("{\"page_id\":%d,\"question\":7,\"answer\":\"a\",\"user_id\":\"%s\"}".formatted(page, ANNA));
        }
        String dead = await().until(
                        () -> vault.sql("select event_id::text from dead_letter where user_id = ?")
                                .param(ANNA)
                                .query(String.class)
                                .optional(),
                        found -> found.isPresent())
                .orElseThrow();
        assertThat(show(PORT, ANNA, dead).body()).contains("\"status\":\"dead\"");

        String absent = UUID.randomUUID().toString();
        Answer none = show(PORT, BERT, absent);
        assertThat(none.status()).isEqualTo(404);
        for (String id : List.of(stored, inFlight, dead)) {
            Answer answer = show(PORT, BERT, id);
            assertThat(answer.status()).isEqualTo(404);
            assertThat(answer.body().replace(id, absent)).isEqualTo(none.body());
            assertThat(answer.headers().keySet()).isEqualTo(none.headers().keySet());
        }
    }

    @Test
    void anEditThatDropsTheFilterShowsNobodyMore() throws Exception {
        int page = PAGES.incrementAndGet();
        String anna = save(PORT, ANNA, page, "anna", "", "");
        await().until(() -> show(PORT, ANNA, anna).status() == 200);
        Path file = routes.resolve("list-gifts.camel.yaml");
        String before = Files.readString(file);
        String runs = revision("list-gifts");
        assertThat(before).contains(FILTER);

        Files.writeString(file, before.replace(FILTER, ""));
        await().until(() -> !revision("list-gifts").equals(runs));

        assertThat(list(PORT, issuer.token(BERT)).body()).doesNotContain(ANNA.toString());
        assertThat(list(PORT, issuer.token(ANNA)).body()).contains(anna);
        Files.writeString(file, before);
        await().until(() -> revision("list-gifts").equals(runs));
    }

    /** The feed and the audit read all rows, and are whole; the single connection serves one reader after the other. */
    @Test
    void twoReadersOfOneConnectionThatIsKilledMeanwhileSeeTheirOwn() throws Exception {
        int page = PAGES.incrementAndGet();
        try (TestStream bert = TestStream.open(OTHER, "?page_id=" + page, null, issuer.token(BERT))) {
            for (int i = 0; i < 10; i++) {
                save(PORT, ANNA, page, "anna " + i, "", "");
                save(PORT, BERT, page, "bert " + i, "", "");
            }
            bert.awaitGifts(10);
            for (int i = 0; i < 100; i++) {
                if (i == 50) {
                    vault.sql(
                                    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
                                            + " and pid <> pg_backend_pid() and query like '%set_config%'")
                            .query()
                            .listOfRows();
                }
                UUID reader = i % 2 == 0 ? ANNA : BERT;
                Answer answer = await().until(
                                () -> call(OTHER, loopback(), "GET /vault/list?page_id=" + page, issuer.token(reader)),
                                made -> made.status() == 200);
                List<String> owners = JSON.readTree(answer.body()).findValuesAsText("user_id");
                assertThat(owners).hasSize(10).containsOnly(reader.toString());
            }
            save(PORT, ANNA, page, "anna after", "", "");
            save(PORT, BERT, page, "bert after", "", "");
            bert.awaitGifts(11);
            assertThat(bert.questions()).hasSize(11).allMatch(question -> question.startsWith("bert"));
        }
        await().untilAsserted(() -> assertThat(manage("POST", "/actuator/ledger", "token-of-olga", "localhost"))
                .contains("\"balanced\":true", "\"unaccounted\":0"));
    }

    @Test
    void aStreamGoesOnElsewhereWithAnotherTokenOnceEach() throws Exception {
        int page = PAGES.incrementAndGet();
        // over for the clocks, and just within what they may differ
        String late =
                with(claims -> claims.expirationTime(Date.from(Instant.now().minusSeconds(20))));
        List<String> seen = new ArrayList<>();
        TestStream here = TestStream.open(PORT, "?page_id=" + page, null, late);
        for (int i = 0; i < 125; i++) {
            save(PORT, ANNA, page, "anna " + i, "", "");
            save(PORT, BERT, page, "bert " + i, "", "");
        }
        here.awaitEnd();
        for (int i = 125; i < 250; i++) {
            save(PORT, ANNA, page, "anna " + i, "", "");
            save(PORT, BERT, page, "bert " + i, "", "");
        }
        seen.addAll(here.questions());
        assertThat(here.events().get(here.events().size() - 1).name()).isEqualTo("expired");
        try (TestStream elsewhere = TestStream.open(OTHER, "?page_id=" + page, here.lastId(), issuer.token(ANNA))) {
            elsewhere.awaitGifts(250 - seen.size());
            seen.addAll(elsewhere.questions());
        }
        assertThat(seen)
                .containsExactlyElementsOf(
                        IntStream.range(0, 250).mapToObj(i -> "anna " + i).toList());
    }

    @Test
    void aGiftIsTheReadersAndSoIsAKey() throws Exception {
        int page = PAGES.incrementAndGet();
        Answer foreign = trySave(PORT, ANNA, page, "q", ",\"user_id\":\"" + BERT + "\"", "");
        assertThat(foreign.status()).isEqualTo(422);

        String anna = save(PORT, ANNA, page, "q", ",\"user_id\":\"" + ANNA + "\"", "Idempotency-Key: k\n");
        assertThat(save(PORT, ANNA, page, "q", "", "Idempotency-Key: k\n")).isEqualTo(anna);
        assertThat(save(PORT, BERT, page, "q", "", "Idempotency-Key: k\n")).isNotEqualTo(anna);
        await().untilAsserted(() -> assertThat(vault.sql("select user_id from vault where page_id = ? order by user_id")
                        .param(page)
                        .query(UUID.class)
                        .list())
                .containsExactly(ANNA, BERT));
    }

    // limits

    @Test
    void aReaderHasOneBucketWhereverItsCallsSayThatTheyComeFrom() throws Exception {
        UUID reader = UUID.randomUUID();
        int refused = 0;
        for (int i = 0; i < 125; i++) {
            Answer answer = trySave(OTHER, reader, 1, "q", "", "X-Forwarded-For: 198.51.100." + i + "\n");
            refused += answer.status() == 429 ? 1 : 0;
        }
        assertThat(refused).as("a burst of 120, and one a minute").isBetween(3, 5);
        assertThat(trySave(OTHER, UUID.randomUUID(), 1, "q", "", "").status())
                .as("another reader behind the same address")
                .isEqualTo(202);
    }

    @Test
    void slowBodiesAndHoardedStreamsOfOneReaderLeaveRoomForTheOthers() throws Exception {
        List<Socket> hoard = new ArrayList<>();
        String token = issuer.token(ANNA);
        try {
            for (int i = 0; i < 500; i++) {
                // from several addresses: it is one reader all the same
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), PORT, nextAddress(), 0);
                hoard.add(socket);
                String begin = i % 2 == 0
                        ? "POST /vault/save HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n"
                        : "GET /vault/stream HTTP/1.1\r\n";
                socket.getOutputStream()
                        .write((begin + "Host: x\r\nAuthorization: Bearer " + token + "\r\n\r\n")
                                .getBytes(StandardCharsets.US_ASCII));
            }
            int page = PAGES.incrementAndGet();
            for (int i = 0; i < 100; i++) {
                assertThat(trySave(PORT, BERT, page, "q " + i, "", "").status()).isEqualTo(202);
            }
        } finally {
            for (Socket socket : hoard) {
                socket.close();
            }
        }
    }

    // operators

    @Test
    void thePortOfOperatorsAsksForNameAndRole() throws Exception {
        assertThat(manage("GET", "/actuator/health/liveness", null, "evil.example"))
                .startsWith("HTTP/1.1 403");
        assertThat(manage("GET", "/actuator/health/liveness", null, "localhost"))
                .startsWith("HTTP/1.1 200");
        assertThat(manage("GET", "/actuator/health/readiness", null, "10.0.0.7:8001"))
                .startsWith("HTTP/1.1 200");
        assertThat(manage("GET", "/actuator/prometheus", "token-of-vera", "localhost"))
                .startsWith("HTTP/1.1 200");
        assertThat(manage("POST", "/actuator/deadletters", "token-of-vera", "localhost"))
                .startsWith("HTTP/1.1 403");
        assertThat(manage("POST", "/actuator/deadletters", issuer.token(ANNA), "localhost"))
                .as("a reader's token is no operator's")
                .startsWith("HTTP/1.1 401");
    }

    /** The second process logs at DEBUG. */
    @Test
    void noTokenAndNobodysMailIsInAnyLogMetricSpanOrRecord() throws Exception {
        String token = issuer.token(ANNA);
        String refused = TestIssuer.sign(issuer.claims(BERT).build(), TestIssuer.newKey("first"));
        int page = PAGES.incrementAndGet();
        for (int port : new int[] {PORT, OTHER}) {
            assertThat(call(port, loopback(), "GET /vault/list?page_id=" + page, token)
                            .status())
                    .isEqualTo(200);
            assertThat(call(port, nextAddress(), "GET /vault/list", refused).status())
                    .isEqualTo(401);
            TestStream.open(port, "?page_id=" + page, null, token).close();
            try (RawHttp2 connection = RawHttp2.open(port, 9, RawHttp2.WINDOW)) {
                connection.get("/vault/list", Map.of("authorization", "Bearer " + token));
                connection.answers(1);
            }
            assertThat(trySave(port, UUID.randomUUID(), page, "q", "", "").status())
                    .isEqualTo(202);
        }
        String gift = save(PORT, ANNA, page, "q", "", "Idempotency-Key: k\n");
        await().until(() -> show(PORT, ANNA, gift).status() == 200);
        String change = "DELETE /vault/gifts/" + gift;
        assertThat(call(PORT, loopback(), change, token).status()).isEqualTo(202);
        try (TestTopic topic = topic(TOPIC)) {
            topic.write("{\"page_id\":%d,\"question\":7,\"answer\":\"a\",\"user_id\":\"%s\"}".formatted(page, BERT));
        }

        String records = await().until(
                        () -> records(TOPIC)
                                + records(TOPIC + ".nobodys")
                                + records(TOPIC + ".changes")
                                + records(TOPIC + ".dlq"),
                        found -> found.contains(gift) && found.contains("gift.deleted") && found.contains("dlq_"));
        await().until(() -> spans.text().contains("/vault/gifts/" + gift));
        String metrics = manage("GET", "/actuator/prometheus", "token-of-olga", "localhost");
        assertThat(Files.readString(other.log())).as("it does log at DEBUG").contains("DEBUG");

        for (String text :
                List.of(metrics, spans.text(), records, Files.readString(spine.log()), Files.readString(other.log()))) {
            for (String secret : List.of(
                    token,
                    claims(token),
                    signature(token),
                    claims(refused),
                    signature(refused),
                    "reader@example.org",
                    "token-of-olga",
                    SECRET)) {
                int at = text.indexOf(secret);
                assertThat(at < 0 ? "" : text.substring(text.lastIndexOf('\n', at) + 1, at))
                        .as("before %s", secret)
                        .isEmpty();
                assertThat(at).isNegative();
            }
        }
    }

    /** Keys, headers and values of a topic, as text. */
    private static String records(String name) {
        StringBuilder all = new StringBuilder();
        try (TestTopic topic = topic(name)) {
            topic.read(record -> true).forEach(record -> {
                all.append(text(record.key())).append(text(record.value())).append('\n');
                record.headers()
                        .forEach(header -> all.append(header.key())
                                .append(": ")
                                .append(text(header.value()))
                                .append('\n'));
            });
        }
        return all.toString();
    }

    private static TestTopic topic(String name) {
        return new TestTopic(name, SharedServices.get().kafka().bootstrapServers());
    }

    private static String text(byte[] bytes) {
        return bytes == null ? "" : new String(bytes, StandardCharsets.UTF_8);
    }

    private static JavaProcess process(
            String name, TestIssuer issuer, int port, int management, Map<String, String> more) throws IOException {
        Map<String, String> environment = new HashMap<>(Map.of(
                "KAFKA_BOOTSTRAP_SERVERS",
                SharedServices.get().kafka().bootstrapServers(),
                "KAFKA_TOPIC",
                TOPIC,
                "KAFKA_DEAD_LETTER_TOPIC",
                TOPIC + ".dlq",
                "KAFKA_GROUP",
                TOPIC,
                "VAULT_DB_URL",
                database.url(),
                "VAULT_ROW_SECURITY",
                "true",
                "AUTH_ISSUER",
                issuer.issuer(),
                "AUTH_JWT_SECRET",
                SECRET,
                "SERVER_PORT",
                Integer.toString(port),
                "MANAGEMENT_SERVER_PORT",
                Integer.toString(management)));
        environment.put("KAFKA_CHANGES_TOPIC", TOPIC + ".changes");
        environment.put("OTEL_EXPORTER_OTLP_ENDPOINT", spans.endpoint());
        environment.putAll(more);
        return JavaProcess.application(environment, folder.resolve(name + ".log"));
    }

    private static void awaitReady(JavaProcess process, int management) {
        await().ignoreExceptionsInstanceOf(IOException.class).until(() -> {
            process.assertAlive();
            return status("/actuator/health/readiness", management) == 200;
        });
    }

    private static int status(String path, int port) throws IOException {
        return RawHttp.send(port, "GET " + path + " HTTP/1.1\nHost: localhost\nConnection: close\n\n")
                .status();
    }

    private static int status(String token) {
        try {
            return list(PORT, token).status();
        } catch (IOException e) {
            return -1;
        }
    }

    private static String with(UnaryOperator<JWTClaimsSet.Builder> change) {
        return issuer.sign(change.apply(issuer.claims(ANNA)).build());
    }

    private static String withSecret(JWTClaimsSet claims, byte[] secret) throws JOSEException {
        SignedJWT token = new SignedJWT(new JWSHeader(JWSAlgorithm.HS256), claims);
        token.sign(new MACSigner(secret));
        return token.serialize();
    }

    private static void assertRefused(String token) throws IOException {
        Answer answer = call(PORT, nextAddress(), "GET /vault/list", token);
        assertThat(answer.status()).as(token).isEqualTo(401);
        assertThat(answer.headers()).containsEntry("WWW-Authenticate", "Bearer error=\"invalid_token\"");
    }

    private static Answer list(int port, String token) throws IOException {
        return call(port, loopback(), "GET /vault/list?limit=100", token);
    }

    private static Answer show(int port, UUID reader, String id) throws IOException {
        return call(port, loopback(), "GET /vault/gifts/" + id, issuer.token(reader));
    }

    private static Answer call(int port, InetAddress from, String target, String token) throws IOException {
        String authorization = token == null ? "" : "Authorization: Bearer " + token + "\n";
        return RawHttp.send(
                port,
                from,
                target + " HTTP/1.1\nHost: x\n" + authorization + "Content-Length: 0\nConnection: close\n\n");
    }

    private static String save(int port, UUID reader, int page, String question, String more, String headers)
            throws IOException {
        Answer answer = trySave(port, reader, page, question, more, headers);
        assertThat(answer.status()).as(answer.body()).isEqualTo(202);
        return answer.headers().get("Location").replaceFirst(".*/", "");
    }

    private static Answer trySave(int port, UUID reader, int page, String question, String more, String headers)
            throws IOException {
        String gift = "{\"page_id\":%d,\"question\":\"%s\",\"answer\":\"a\"%s}".formatted(page, question, more);
        return RawHttp.send(
                port,
                InetAddress.getByAddress(new byte[] {127, 0, 0, 2}),
                "POST /vault/save HTTP/1.1\nHost: x\nConnection: close\nContent-Type: application/json\nAuthorization: Bearer %s\n%sContent-Length: %d\n\n%s"
                        .formatted(issuer.token(reader), headers, gift.length(), gift));
    }

    private static String manage(String method, String path, String token, String host) throws IOException {
        String authorization = token == null ? "" : "Authorization: Bearer " + token + "\n";
        String body = method.equals("POST") ? "{}" : "";
        Answer answer = RawHttp.send(
                MANAGEMENT,
                "%s %s HTTP/1.1\nHost: %s\nConnection: close\nContent-Type: application/json\n%sContent-Length: %d\n\n%s"
                        .formatted(method, path, host, authorization, body.length(), body));
        return "HTTP/1.1 " + answer.status() + "\n" + answer.body();
    }

    private static String revision(String file) throws IOException {
        String answer = manage("GET", "/actuator/liveroutes", "token-of-olga", "localhost");
        for (JsonNode found :
                JSON.readTree(answer.substring(answer.indexOf('{'))).get("files")) {
            if (found.get("file").textValue().contains(file)) {
                return found.get("revision").asText();
            }
        }
        throw new IllegalStateException("no file " + file);
    }

    private static InetAddress loopback() {
        return InetAddress.getLoopbackAddress();
    }

    /** One that has not called yet. */
    private static InetAddress nextAddress() throws IOException {
        int next = ADDRESSES.incrementAndGet();
        return InetAddress.getByAddress(new byte[] {127, 1, (byte) (next / 250), (byte) (next % 250 + 1)});
    }

    private static String claims(String token) {
        return token.split("\\.", -1)[1];
    }

    private static String signature(String token) {
        return token.substring(token.lastIndexOf('.') + 1);
    }

    private static String base64(String text) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String hash(String token) throws Exception {
        return HexFormat.of()
                .formatHex(MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8)));
    }
}
