package org.gibsey.spine.http;

import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.gibsey.spine.Repeating;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.broker.KafkaConnection;
import org.gibsey.spine.broker.TopicState;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/**
 * Compares the largest body with the largest message that the topic takes. Set too large, the first long gift would be
 * refused by the broker, weeks after the mistake. With the broker there the start fails; without it the start goes on, and
 * if the broker turns out to take less, this process never becomes ready. Thread-safe.
 */
@Component
final class TopicLimit implements DisposableBean {

    private static final Logger LOG = LoggerFactory.getLogger(TopicLimit.class);
    private static final long PATIENCE_MS = 2_000;
    private static final Duration AGAIN = Duration.ofSeconds(2);

    private final int bodyBytes;
    private final String topic;
    private final ApplicationEventPublisher events;
    private final Callable<OptionalInt> question;
    private final Repeating asking = new Repeating("topic limit", AGAIN, this::ask);
    /** Completed with what is wrong, or with the empty string. */
    private final CompletableFuture<String> verdict = new CompletableFuture<>();

    @Autowired
    TopicLimit(SpineSettings settings, KafkaConnection kafka, ApplicationEventPublisher events) {
        this(
                settings.limits().bodyBytes(),
                settings.topic().name(),
                () -> ask(kafka, settings.topic().name()),
                events);
    }

    /** @param question asks the broker for {@code max.message.bytes} of the topic; empty if it may not be known */
    TopicLimit(int bodyBytes, String topic, Callable<OptionalInt> question, ApplicationEventPublisher events) {
        this.bodyBytes = bodyBytes;
        this.topic = topic;
        this.question = question;
        this.events = events;
    }

    /** Begins to ask, for a process that takes saves. */
    synchronized void begin() {
        if (!asking.isRunning() && !verdict.isDone()) {
            asking.start();
        }
    }

    /**
     * Fails the start, should the answer be there already. Waits for it a moment only: the broker may be away. Called when
     * the routes run, as only they tell whether this process takes saves.
     */
    @EventListener(ApplicationReadyEvent.class)
    void onStart() throws InterruptedException, ExecutionException {
        if (!asking.isRunning() && !verdict.isDone()) {
            return;
        }
        try {
            String fault = verdict.get(PATIENCE_MS, TimeUnit.MILLISECONDS);
            if (!fault.isEmpty()) {
                throw new InvalidConfigurationPropertyValueException("spine.limits.body-bytes", bodyBytes, fault);
            }
        } catch (TimeoutException e) {
            LOG.info("The limit of topic {} is compared with MAX_BODY_BYTES when the broker is there", topic);
        }
    }

    /** Whoever declares this process ready is contradicted, should the answer come later and be a bad one. */
    @EventListener
    void onReadiness(AvailabilityChangeEvent<ReadinessState> change) {
        if (change.getState() == ReadinessState.ACCEPTING_TRAFFIC) {
            var unused = verdict.thenAccept(fault -> {
                if (!fault.isEmpty()) {
                    LOG.error("Not ready: {}", fault);
                    AvailabilityChangeEvent.publish(events, this, ReadinessState.REFUSING_TRAFFIC);
                }
            });
        }
    }

    @Override
    public void destroy() {
        asking.stop();
    }

    private void ask() {
        try {
            OptionalInt maxMessageBytes = question.call();
            verdict.complete(maxMessageBytes.isEmpty() ? "" : judge(maxMessageBytes.getAsInt()));
            asking.stop();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            // the watch over the broker says that it is away
            LOG.debug("No answer yet", e);
        }
    }

    private String judge(int maxMessageBytes) {
        return bodyBytes <= maxMessageBytes
                ? ""
                : ("MAX_BODY_BYTES (spine.limits.body-bytes) is %d, but topic %s takes messages of at most %d bytes"
                                + " (its max.message.bytes): lower the one or raise the other")
                        .formatted(bodyBytes, topic, maxMessageBytes);
    }

    private static OptionalInt ask(KafkaConnection kafka, String topic)
            throws InterruptedException, ExecutionException {
        TopicState state = TopicState.of(kafka.admin(), List.of(topic)).get(topic);
        if (state == null) {
            throw new IllegalStateException("topic " + topic + " is not there yet");
        }
        return state.maxMessageBytes();
    }
}
