package org.gibsey.spine.liveroutes;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.apache.camel.spi.Resource;
import org.apache.camel.support.ResourceHelper;
import org.apache.tomcat.util.security.ConcurrentMessageDigest;

/**
 * A route file as it was read once. Rehearsal, start and rollback all use this text, whatever is on disk
 * meanwhile.
 *
 * @param name     path as found by the pattern
 * @param revision short hash of the content
 */
record RouteFile(String name, String text, String revision) {

    /** More is not read: it would be read again at each look. */
    static final int MOST_BYTES = 1 << 20;

    private static final int REVISION_BYTES = 6;

    static RouteFile of(String name, byte[] content) {
        return new RouteFile(name, new String(content, StandardCharsets.UTF_8), hash(content));
    }

    /** The id its route must have: the file's name without folder and extension. */
    String routeId() {
        return routeId(name);
    }

    static String routeId(String name) {
        return String.valueOf(Path.of(name).getFileName()).replaceFirst("\\.camel\\.yaml$", "");
    }

    RouteProblem problem(int line, String reason) {
        return new RouteProblem(name, line, reason);
    }

    /** What Camel's loader reads. */
    Resource resource() {
        return ResourceHelper.fromString(name, text);
    }

    /** The first line from the given one on that holds a text, or the given one when none does. */
    int lineOf(String wanted, int from) {
        List<String> lines = text.lines().toList();
        for (int i = Math.max(0, from - 1); i < lines.size(); i++) {
            if (lines.get(i).contains(wanted)) {
                return i + 1;
            }
        }
        return from;
    }

    private static String hash(byte[] content) {
        return HexFormat.of().formatHex(ConcurrentMessageDigest.digestSHA256(content), 0, REVISION_BYTES);
    }
}
