package org.gibsey.spine.identity;

import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import com.nimbusds.jose.util.ResourceRetriever;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.gibsey.spine.Outage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The public keys of the issuer. They are fetched when the first token comes, again before they are five minutes old, and when
 * a token names a key that is not among them; never more than once in 30 s, so that nobody can turn this service against its
 * issuer with made-up key ids. During an outage of the issuer the last keys count for a day.
 *
 * <p>Nimbus has such a source too, but there a fetch that the rate limit refuses is not covered by the tolerance for outages:
 * made-up key ids, sent when the keys are due, would have valid tokens refused. Thread-safe.
 */
final class IssuerKeys implements JWKSource<SecurityContext> {

    private static final Logger LOG = LoggerFactory.getLogger(IssuerKeys.class);

    private static final Duration AHEAD = Duration.ofMinutes(4);
    private static final Duration FRESH = Duration.ofMinutes(5);
    private static final Duration KEPT = Duration.ofHours(24);
    private static final Duration PAUSE = Duration.ofSeconds(30);
    private static final int CONNECT_MS = 1_000;
    private static final int READ_MS = 2_000;
    private static final int MAX_BYTES = 50 << 10;

    /** What was fetched, and when. */
    private record Keys(JWKSet set, Instant at) {}

    private final URL url;
    private final ResourceRetriever http;
    private final Clock clock;
    private final Executor threads;
    private final Outage outage;
    private volatile @Nullable Keys keys;
    private Instant nextFetch = Instant.MIN;
    private CompletableFuture<Void> fetching = CompletableFuture.completedFuture(null);

    /** @param threads run a fetch, which takes seconds at most */
    IssuerKeys(String url, Clock clock, Executor threads) {
        try {
            this.url = URI.create(url).toURL();
        } catch (MalformedURLException e) {
            throw new IllegalArgumentException(url + " is no address of keys", e);
        }
        this.http = new DefaultResourceRetriever(CONNECT_MS, READ_MS, MAX_BYTES) {
            @Override
            protected HttpURLConnection openHTTPConnection(URL of) throws IOException {
                HttpURLConnection connection = super.openHTTPConnection(of);
                // to where nobody has vouched for
                connection.setInstanceFollowRedirects(false);
                return connection;
            }
        };
        this.clock = clock;
        this.threads = threads;
        this.outage = new Outage(clock);
    }

    /** Those that are known, without waiting. */
    @Override
    public List<JWK> get(JWKSelector selector, @Nullable SecurityContext unused) {
        Keys now = keys;
        return now == null ? List.of() : selector.select(now.set);
    }

    /**
     * Sees to it that the keys are there, as far as it can. Waits for a fetch if the key is not known, or they are too old.
     *
     * @param keyId of the token, or null when it names none
     * @return false when there are none
     */
    boolean prepare(@Nullable String keyId) {
        Keys now = keys;
        if (now == null
                || (isOlder(now, FRESH) && !outage.lasts())
                || (keyId != null && now.set.getKeyByKeyId(keyId) == null)) {
            fetch().join();
        } else if (isOlder(now, AHEAD)) {
            // nobody waits for it
            var unused = fetch();
        }
        now = keys;
        return now != null && !isOlder(now, KEPT);
    }

    private boolean isOlder(Keys of, Duration age) {
        return of.at.plus(age).isBefore(clock.instant());
    }

    /** The fetch that is under way, or a new one if it is time for it. */
    private synchronized CompletableFuture<Void> fetch() {
        Instant now = clock.instant();
        if (fetching.isDone() && !now.isBefore(nextFetch)) {
            nextFetch = now.plus(PAUSE);
            fetching = CompletableFuture.runAsync(this::fetchNow, threads)
                    .completeOnTimeout(null, CONNECT_MS + READ_MS, TimeUnit.MILLISECONDS);
        }
        return fetching;
    }

    private void fetchNow() {
        try {
            keys = new Keys(JWKSet.parse(http.retrieveResource(url).getContent()), clock.instant());
            outage.end().ifPresent(lasted -> LOG.info("The keys of {} are there after {} s", url, lasted.toSeconds()));
        } catch (IOException | ParseException | RuntimeException e) {
            if (outage.isToBeLogged()) {
                LOG.warn(
                        "The keys of {} cannot be had ({}); {}",
                        url,
                        e.getClass().getSimpleName(),
                        keys == null ? "no reader can be known until then" : "the last ones count, for a day");
            }
        }
    }
}
