package org.gibsey.spine.tracing;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.context.Context;
import java.time.Instant;
import java.util.List;
import org.apache.camel.Endpoint;
import org.apache.camel.Exchange;
import org.apache.camel.component.jdbc.JdbcEndpoint;
import org.apache.camel.component.kafka.KafkaEndpoint;
import org.apache.camel.spi.CamelEvent;
import org.apache.camel.support.SimpleEventNotifierSupport;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.gibsey.spine.gift.CloudEvent;
import org.gibsey.spine.gift.TraceParent;
import org.gibsey.spine.persist.GiftBatch;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.autoconfigure.condition.ConditionalOnExpression;
import org.springframework.stereotype.Component;

/**
 * Spans of what routes do: sends to Kafka, and SQL statements. A record carries its span in a header.
 *
 * <p>A statement stores many gifts, each with a trace of its own. So every recorded trace gets two spans: one for the
 * processing of its event and, below it, one for the statement. With one span for the batch, no trace would show how its
 * gift was stored. Thread-safe.
 */
@Component
@ConditionalOnExpression(Tracing.CONFIGURED)
final class RouteSpans extends SimpleEventNotifierSupport {

    private static final String SPAN = RouteSpans.class.getName();
    private static final String TRACE = SPAN + ".trace";

    private final Tracing tracing;

    RouteSpans(Tracing tracing) {
        this.tracing = tracing;
        setIgnoreExchangeEvents(false);
        setIgnoreExchangeCreatedEvent(false);
        setIgnoreExchangeSendingEvents(false);
        setIgnoreExchangeSentEvents(false);
    }

    @Override
    public void notify(CamelEvent event) {
        if (event instanceof CamelEvent.ExchangeCreatedEvent created) {
            begin(created.getExchange());
        } else if (event instanceof CamelEvent.ExchangeSendingEvent sending) {
            sending(sending.getExchange(), sending.getEndpoint());
        } else if (event instanceof CamelEvent.ExchangeSentEvent sent) {
            sent(sent.getExchange(), sent.getEndpoint(), sent.getTimeTaken());
        }
    }

    /** Keeps the trace of the request where a route that changes headers does not lose it. */
    private static void begin(Exchange exchange) {
        TraceParent.parse(exchange.getMessage().getHeader(CloudEvent.TRACE_PARENT, String.class))
                .ifPresent(trace -> exchange.setProperty(TRACE, trace));
    }

    private void sending(Exchange exchange, Endpoint endpoint) {
        TraceParent trace = exchange.getProperty(TRACE, TraceParent.class);
        if (endpoint instanceof KafkaEndpoint kafka) {
            String topic = kafka.getConfiguration().getTopic();
            Span span = tracing.span("send " + topic, SpanKind.PRODUCER, trace)
                    .setAttribute("messaging.system", "kafka")
                    .setAttribute("messaging.destination.name", topic)
                    .startSpan();
            exchange.getMessage()
                    .setHeader(CloudEvent.TRACE_PARENT, Tracing.parentOf(span).toString());
            exchange.setProperty(SPAN, span);
        } else if (endpoint instanceof JdbcEndpoint
                && GiftBatch.inHand(exchange).isEmpty()) {
            exchange.setProperty(
                    SPAN, statement(exchange.getFromRouteId(), trace).startSpan());
        }
    }

    private void sent(Exchange exchange, Endpoint endpoint, long tookMs) {
        if (exchange.removeProperty(SPAN) instanceof Span span) {
            end(span, exchange.getException(), Instant.now());
        } else if (endpoint instanceof JdbcEndpoint) {
            Instant now = Instant.now();
            List<ConsumerRecord<byte[], byte[]>> gifts = GiftBatch.inHand(exchange);
            for (ConsumerRecord<byte[], byte[]> gift : gifts) {
                TraceParent.of(gift)
                        .filter(TraceParent::recorded)
                        .ifPresent(trace -> stored(exchange, gift, trace, gifts.size(), now.minusMillis(tookMs), now));
            }
        }
    }

    private void stored(
            Exchange exchange,
            ConsumerRecord<?, ?> gift,
            TraceParent trace,
            int gifts,
            Instant statementBegan,
            Instant now) {
        Span process = tracing.span("process " + gift.topic(), SpanKind.CONSUMER, trace)
                .setStartTimestamp(Instant.ofEpochMilli(exchange.getClock().getCreated()))
                .setAttribute("messaging.system", "kafka")
                .setAttribute("messaging.destination.name", gift.topic())
                .setAttribute("messaging.destination.partition.id", Integer.toString(gift.partition()))
                .setAttribute("messaging.kafka.offset", gift.offset())
                .startSpan();
        Span statement = statement(exchange.getFromRouteId(), null)
                .setParent(Context.root().with(process))
                .setStartTimestamp(statementBegan)
                .setAttribute("db.operation.batch.size", gifts)
                .startSpan();
        end(statement, exchange.getException(), now);
        end(process, exchange.getException(), now);
    }

    private SpanBuilder statement(String routeId, @Nullable TraceParent trace) {
        return tracing.span("sql " + routeId, SpanKind.CLIENT, trace).setAttribute("db.system.name", "postgresql");
    }

    private static void end(Span span, @Nullable Exception fault, Instant now) {
        if (fault != null) {
            Tracing.fail(span, fault);
        }
        span.end(now);
    }
}
