package org.gibsey.spine.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import javax.net.ssl.HostnameVerifier;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLSocketFactory;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.Route;
import org.apache.camel.component.platform.http.PlatformHttpEndpoint;
import org.apache.camel.support.DefaultExchange;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.gift.CloudEvent;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.autoconfigure.web.ServerProperties;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslStoreBundle;
import org.springframework.boot.web.server.Ssl;
import org.springframework.boot.web.server.WebServerSslBundle;
import org.springframework.boot.web.servlet.context.ServletWebServerApplicationContext;
import org.springframework.stereotype.Component;

/**
 * Makes saves again and again before the process says that it is ready. A JVM that has just started takes ten
 * times as long for each: under load the saves of the first seconds would pile up until places and time run out.
 *
 * <p>Nothing is stored, and no save is counted: the process calls itself with saves that are refused for their content, and
 * makes events that it sends nowhere.
 */
@Component
@ConditionalOnWebApplication
final class WarmUp implements ApplicationRunner {

    /** Marks a call of the process itself; see {@link SaveMetrics#ownCall}. */
    static final String HEADER = "Gift-Spine-Warm-Up";

    private static final Logger LOG = LoggerFactory.getLogger(WarmUp.class);

    /** The process is warm when it takes that many saves in that time, on one connection. */
    private static final int STRETCH = 500;

    private static final Duration WARM = Duration.ofMillis(350);

    private static final byte[] VALID = gift(1);
    private static final byte[] INVALID = gift(0);
    /** A trace that nobody records. */
    private static final String UNRECORDED = "00-00000000000000000000000000000001-0000000000000001-00";

    /** Always the same one, or no connection would serve two calls. */
    private static final HostnameVerifier ANY_NAME = (name, session) -> true;

    private final CamelContext camel;
    private final ServletWebServerApplicationContext server;
    private final InetAddress address;
    /** Null where the public port speaks plain HTTP. */
    private final @Nullable SslBundle tls;

    private final AcceptGift acceptGift;
    private final SaveMetrics metrics;
    private final Duration limit;

    WarmUp(
            CamelContext camel,
            ServletWebServerApplicationContext server,
            ServerProperties properties,
            SslBundles bundles,
            AcceptGift acceptGift,
            SaveMetrics metrics,
            SpineSettings settings) {
        this.camel = camel;
        this.server = server;
        this.address = Objects.requireNonNullElseGet(properties.getAddress(), InetAddress::getLoopbackAddress);
        this.tls = Ssl.isEnabled(properties.getSsl()) ? WebServerSslBundle.get(properties.getSsl(), bundles) : null;
        this.acceptGift = acceptGift;
        this.metrics = metrics;
        this.limit = settings.http().warmUp();
    }

    /** When the routes run; readiness waits for the end of it. */
    @Override
    public void run(ApplicationArguments arguments) {
        for (Route route : camel.getRoutes()) {
            if (!limit.isZero()
                    && AcceptGift.isUsedIn(route)
                    && route.getEndpoint() instanceof PlatformHttpEndpoint http) {
                try {
                    warm(http.getPath());
                } catch (Exception e) {
                    // a cold process is better than none
                    LOG.warn("The first saves will be slow, {} cannot be called from here: {}", http, e.toString());
                }
            }
        }
        metrics.endOwnCalls();
    }

    private void warm(String path) throws Exception {
        // the certificate names the service and perhaps not this address, so it has to be the very one
        SSLSocketFactory own = tls == null
                ? null
                : SslBundle.of(SslStoreBundle.of(null, null, tls.getStores().getKeyStore()))
                        .createSslContext()
                        .getSocketFactory();
        long end = System.nanoTime() + limit.toNanos();
        long began;
        do {
            began = System.nanoTime();
            for (int i = 0; i < STRETCH && System.nanoTime() < end; i++) {
                call(path, own);
                makeEvent();
            }
        } while (System.nanoTime() - began > WARM.toNanos() && System.nanoTime() < end);
    }

    private void makeEvent() throws Exception {
        Exchange exchange = new DefaultExchange(camel);
        exchange.getMessage().setBody(VALID);
        acceptGift.process(exchange);
    }

    private void call(String path, @Nullable SSLSocketFactory own) throws IOException {
        URI uri = URI.create((own == null ? "http://" : "https://") + address.getHostAddress() + ":"
                + server.getWebServer().getPort() + path);
        HttpURLConnection call = (HttpURLConnection) uri.toURL().openConnection();
        if (call instanceof HttpsURLConnection secure) {
            secure.setSSLSocketFactory(own);
            secure.setHostnameVerifier(ANY_NAME);
        }
        call.setRequestMethod("POST");
        call.setRequestProperty("Content-Type", "application/json");
        call.setRequestProperty(HEADER, metrics.ownCall());
        call.setRequestProperty(CloudEvent.TRACE_PARENT, UNRECORDED);
        call.setDoOutput(true);
        call.getOutputStream().write(INVALID);
        // read to the end, the connection serves the next call
        try (InputStream answer = call.getResponseCode() < 400 ? call.getInputStream() : call.getErrorStream()) {
            if (answer != null) {
                answer.transferTo(OutputStream.nullOutputStream());
            }
        }
    }

    /** As long as most saves are. */
    private static byte[] gift(int page) {
        return ("{\"page_id\":" + page + ",\"question\":\"Is it warm?\",\"answer\":\"" + "a".repeat(200) + "\"}")
                .getBytes(StandardCharsets.US_ASCII);
    }
}
