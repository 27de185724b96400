package org.gibsey.spine.tracing;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.gibsey.spine.gift.TraceParent;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.condition.ConditionalOnExpression;
import org.springframework.stereotype.Component;

/**
 * Exports traces by OpenTelemetry. It exists only where an endpoint is configured. Without one no span is made, and the
 * trace of a request is only in headers and log lines. Everything else (sampler, headers, certificates) is
 * OpenTelemetry's own {@code OTEL_*} environment. Thread-safe.
 */
@Component
@ConditionalOnExpression(Tracing.CONFIGURED)
final class Tracing implements DisposableBean {

    static final String CONFIGURED = "'${spine.tracing.endpoint}' != ''";

    private final OpenTelemetrySdk sdk;
    private final Tracer tracer;

    /** @param endpoint base URL of an OTLP receiver; spans go to {@code /v1/traces} below it */
    Tracing(@Value("${spine.tracing.endpoint}") String endpoint, @Value("${spring.application.name}") String service) {
        // metrics go to Prometheus, logs to the console
        Map<String, String> defaults = Map.of(
                "otel.exporter.otlp.endpoint", endpoint,
                "otel.exporter.otlp.protocol", "http/protobuf",
                "otel.service.name", service,
                "otel.metrics.exporter", "none",
                "otel.logs.exporter", "none");
        sdk = AutoConfiguredOpenTelemetrySdk.builder()
                .addPropertiesSupplier(() -> defaults)
                .disableShutdownHook()
                .build()
                .getOpenTelemetrySdk();
        tracer = sdk.getTracer("org.gibsey.spine");
    }

    /**
     * A span that is not started yet.
     *
     * @param parent what it continues, or null to begin a trace
     */
    SpanBuilder span(String name, SpanKind kind, @Nullable TraceParent parent) {
        SpanBuilder span = tracer.spanBuilder(name).setSpanKind(kind).setNoParent();
        if (parent != null) {
            SpanContext remote = SpanContext.createFromRemoteParent(
                    parent.traceId(), parent.spanId(), TraceFlags.fromHex(parent.flags(), 0), TraceState.getDefault());
            span.setParent(Context.root().with(Span.wrap(remote)));
        }
        return span;
    }

    static TraceParent parentOf(Span span) {
        SpanContext context = span.getSpanContext();
        return new TraceParent(
                context.getTraceId(),
                context.getSpanId(),
                context.getTraceFlags().asHex());
    }

    /** Marks a span as failed, with the class of the exception only: its message may quote what a reader wrote. */
    static void fail(Span span, Throwable fault) {
        span.setStatus(StatusCode.ERROR);
        span.setAttribute("error.type", fault.getClass().getName());
    }

    /** Sends what was recorded so far; waits at most 5 s. */
    void flush() {
        sdk.getSdkTracerProvider().forceFlush().join(5, TimeUnit.SECONDS);
    }

    @Override
    public void destroy() {
        sdk.close();
    }
}
