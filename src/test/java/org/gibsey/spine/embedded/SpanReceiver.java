package org.gibsey.spine.embedded;

import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.zip.GZIPInputStream;

/** Keeps the traces that applications export, as an OpenTelemetry receiver does. Thread-safe. */
public final class SpanReceiver implements AutoCloseable {

    private final HttpServer server;
    private final List<ExportTraceServiceRequest> exported = new CopyOnWriteArrayList<>();

    private SpanReceiver(HttpServer server) {
        this.server = server;
        server.createContext("/v1/traces", call -> {
            boolean zipped = "gzip".equals(call.getRequestHeaders().getFirst("Content-Encoding"));
            exported.add(ExportTraceServiceRequest.parseFrom(
                    zipped ? new GZIPInputStream(call.getRequestBody()) : call.getRequestBody()));
            call.sendResponseHeaders(200, -1);
            call.close();
        });
        server.start();
    }

    /** On a free port of this machine. */
    public static SpanReceiver start() throws IOException {
        return new SpanReceiver(HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0));
    }

    /** For {@code OTEL_EXPORTER_OTLP_ENDPOINT}. */
    public String endpoint() {
        return "http://localhost:" + server.getAddress().getPort();
    }

    public List<Span> spans() {
        return exported.stream()
                .flatMap(request -> request.getResourceSpansList().stream())
                .flatMap(resource -> resource.getScopeSpansList().stream())
                .flatMap(scope -> scope.getSpansList().stream())
                .toList();
    }

    /** All that came, with what is said of the process, as text. */
    public String text() {
        return exported.toString();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
