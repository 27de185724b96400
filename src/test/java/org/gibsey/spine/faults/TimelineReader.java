package org.gibsey.spine.faults;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An open timeline, which never comes back by itself: notes which gifts it was shown. Ends with the process that serves it. */
final class TimelineReader {

    private static final Pattern EVENT_ID = Pattern.compile("\"event_id\":\"([^\"]+)\"");

    private final Set<UUID> seen = ConcurrentHashMap.newKeySet();
    private volatile boolean live;

    TimelineReader(int port) {
        var unused = HttpClient.newHttpClient()
                .sendAsync(
                        HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/vault/stream"))
                                .build(),
                        BodyHandlers.ofLines())
                .thenAccept(answer -> answer.body().forEach(this::line));
    }

    /** Whether it is told of what is stored from now on. */
    boolean isLive() {
        return live;
    }

    /** Event ids. */
    Set<UUID> seen() {
        return seen;
    }

    private void line(String line) {
        live |= line.equals("event: position");
        Matcher gift = EVENT_ID.matcher(line);
        if (line.startsWith("data:") && gift.find()) {
            seen.add(UUID.fromString(gift.group(1)));
        }
    }
}
