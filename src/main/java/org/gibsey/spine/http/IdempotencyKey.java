package org.gibsey.spine.http;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the {@code Idempotency-Key} header: a structured-field string ({@code "8e03…"}) as the IETF draft has it, or the same
 * without quotes, as most clients send it. Both forms of a key are the same key.
 */
final class IdempotencyKey {

    private static final int MAX_CHARS = 255;
    /** Of RFC 9651: printable ASCII, with quote and backslash behind a backslash. */
    private static final Pattern STRING = Pattern.compile("\"((?:[ !#-\\[\\]-~]|\\\\[\"\\\\])*+)\"");
    /** Visible ASCII without what would need quotes, or would make it two. */
    private static final Pattern TOKEN = Pattern.compile("[!-~&&[^\",;\\\\]]++");

    private static final Pattern ESCAPED = Pattern.compile("\\\\(.)");

    private IdempotencyKey() {}

    /**
     * @param header as it came, or null when it did not
     * @return 1 to 255 printable characters, or null without a header
     * @throws Refused if it is no key
     */
    static @Nullable String parse(@Nullable String header) throws Refused {
        if (header == null) {
            return null;
        }
        String key = key(header.strip());
        if (key == null || key.isEmpty() || key.length() > MAX_CHARS) {
            throw new Refused(Problem.malformed("Idempotency-Key must be one string or token of 1 to " + MAX_CHARS
                    + " printable ASCII characters."));
        }
        return key;
    }

    private static @Nullable String key(String header) {
        var string = STRING.matcher(header);
        if (string.matches()) {
            return ESCAPED.matcher(string.group(1)).replaceAll("$1");
        }
        return TOKEN.matcher(header).matches() ? header : null;
    }
}
