package org.gibsey.spine.bench;

import com.github.f4b6a3.uuid.UuidCreator;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.gibsey.spine.embedded.JavaProcess;
import org.gibsey.spine.gift.EventId;
import org.gibsey.spine.gift.Gift;
import org.gibsey.spine.gift.GiftReader;
import org.gibsey.spine.gift.InvalidInput;
import org.gibsey.spine.gift.MalformedJson;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.http.HttpMessageConvertersAutoConfiguration;
import org.springframework.boot.autoconfigure.jackson.JacksonAutoConfiguration;
import org.springframework.boot.autoconfigure.web.embedded.EmbeddedWebServerFactoryCustomizerAutoConfiguration;
import org.springframework.boot.autoconfigure.web.servlet.DispatcherServletAutoConfiguration;
import org.springframework.boot.autoconfigure.web.servlet.ServletWebServerFactoryAutoConfiguration;
import org.springframework.boot.autoconfigure.web.servlet.WebMvcAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;

/**
 * What someone would write by hand instead of the save route: Spring MVC with nothing else in it, and a handler that does
 * nothing, or validates as we do and writes the same event with a Kafka producer.
 */
@Configuration(proxyBeanMethods = false)
@ImportAutoConfiguration({
    ServletWebServerFactoryAutoConfiguration.class,
    EmbeddedWebServerFactoryCustomizerAutoConfiguration.class,
    DispatcherServletAutoConfiguration.class,
    WebMvcAutoConfiguration.class,
    HttpMessageConvertersAutoConfiguration.class,
    JacksonAutoConfiguration.class
})
@Import({SpringMvcPeer.Empty.class, SpringMvcPeer.Saving.class})
class SpringMvcPeer {

    private static final byte[] QUEUED = "{\"queued\":true}".getBytes(StandardCharsets.UTF_8);

    /** Starts the one that does nothing. */
    static JavaProcess empty(Rig rig, Jvm java, int port) throws IOException {
        return rig.peer(java, "empty", SpringMvcPeer.class, "--server.port=" + port, "--peer.kind=empty");
    }

    /**
     * Starts the one that saves.
     *
     * @param inFlight requests of its producer that may be under way; the client's default is 5, the save route has 1
     */
    static JavaProcess saving(Rig rig, Jvm java, String topic, int port, int inFlight) throws IOException {
        return rig.peer(
                java,
                "by-hand",
                SpringMvcPeer.class,
                "--server.port=" + port,
                "--peer.kind=saving",
                "--peer.brokers=" + rig.brokers(),
                "--peer.topic=" + topic,
                "--peer.in-flight=" + inFlight);
    }

    public static void main(String[] args) {
        SpringApplication application = new SpringApplication(SpringMvcPeer.class);
        application.setDefaultProperties(Map.of(
                // the application's own settings lie on the class path of the tests
                "spring.config.name",
                "peer",
                "spring.main.banner-mode",
                "off",
                "spring.threads.virtual.enabled",
                "true",
                // what a server of 256 connections needs where there are no virtual threads
                "server.tomcat.threads.max",
                "256",
                "server.tomcat.max-keep-alive-requests",
                "-1"));
        application.run(args);
    }

    @RestController
    @ConditionalOnProperty(name = "peer.kind", havingValue = "empty")
    static class Empty {

        @PostMapping(path = "/vault/save", consumes = MediaType.APPLICATION_JSON_VALUE)
        ResponseEntity<byte[]> save(@RequestBody byte[] body) {
            return ResponseEntity.accepted()
                    .contentType(MediaType.APPLICATION_JSON)
                    .body(QUEUED);
        }
    }

    @RestController
    @ConditionalOnProperty(name = "peer.kind", havingValue = "saving")
    static class Saving {

        private final GiftReader reader = GiftReader.ofRequests(4000, 200_000);
        private final KafkaProducer<byte[], byte[]> producer;
        private final String topic;

        Saving(
                @Value("${peer.brokers}") String brokers,
                @Value("${peer.topic}") String topic,
                @Value("${peer.in-flight}") int inFlight) {
            this.topic = topic;
            this.producer = new KafkaProducer<>(
                    Map.of(
                            ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                            brokers,
                            ProducerConfig.ACKS_CONFIG,
                            "all",
                            ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION,
                            inFlight),
                    new ByteArraySerializer(),
                    new ByteArraySerializer());
        }

        @PostMapping(path = "/vault/save", consumes = MediaType.APPLICATION_JSON_VALUE)
        ResponseEntity<byte[]> save(
                @RequestBody byte[] body, @RequestHeader(name = "Idempotency-Key", required = false) String key)
                throws MalformedJson, InvalidInput, ExecutionException, InterruptedException {
            Gift gift = reader.read(body, Instant.now().truncatedTo(ChronoUnit.MICROS));
            UUID id = key == null ? UuidCreator.getTimeOrderedEpochPlus1() : EventId.ofIdempotencyKey(key, gift);
            producer.send(Gifts.event(topic, id, gift)).get();
            return ResponseEntity.accepted()
                    .location(URI.create("/vault/gifts/" + id))
                    .contentType(MediaType.APPLICATION_JSON)
                    .body(QUEUED);
        }

        @ExceptionHandler
        ResponseEntity<String> refused(InvalidInput fault) {
            return ResponseEntity.unprocessableEntity().body(fault.getMessage());
        }

        @ExceptionHandler
        ResponseEntity<String> refused(MalformedJson fault) {
            return ResponseEntity.badRequest().body(fault.getMessage());
        }
    }
}
