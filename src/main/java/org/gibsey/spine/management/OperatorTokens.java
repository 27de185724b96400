package org.gibsey.spine.management;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.tomcat.util.security.ConcurrentMessageDigest;
import org.gibsey.spine.management.Operator.Role;

/**
 * The lines {@code name roles sha256:hash} of the file of tokens. The tokens themselves are nowhere: they have 256 random bits
 * ({@link NewToken}), so a plain hash keeps them. Immutable.
 */
final class OperatorTokens {

    private static final Pattern LINE =
            Pattern.compile("(?<name>[A-Za-z0-9._@-]{1,64})\\s+(?<roles>\\S+)\\s+sha256:(?<hash>[0-9a-f]{64})");
    /** Names that the audit gives to others. */
    private static final Set<String> TAKEN = Set.of(Operator.ANYBODY, "jmx", "unknown");

    private final Map<String, Operator> byHash;

    private OperatorTokens(Map<String, Operator> byHash) {
        this.byHash = byHash;
    }

    /**
     * @param lines of the file; empty ones and those that begin with {@code #} say nothing
     * @throws IllegalArgumentException naming the first line that is wrong, and never quoting it
     */
    static OperatorTokens of(List<String> lines) {
        Map<String, Operator> byHash = new HashMap<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            String where = "line " + (i + 1) + " ";
            Matcher parts = LINE.matcher(line);
            if (!parts.matches()) {
                throw new IllegalArgumentException(where + "is not: name roles sha256:64 hexadecimal digits");
            }
            if (TAKEN.contains(parts.group("name"))) {
                throw new IllegalArgumentException(where + "has a name that the audit gives to others");
            }
            Operator operator = new Operator(parts.group("name"), roles(parts.group("roles"), where));
            if (byHash.put(parts.group("hash"), operator) != null) {
                throw new IllegalArgumentException(where + "has the hash of a line before");
            }
        }
        return new OperatorTokens(byHash);
    }

    private static Set<Role> roles(String words, String where) {
        Set<Role> roles = EnumSet.noneOf(Role.class);
        for (String word : words.split(",", -1)) {
            roles.add(EnumSet.allOf(Role.class).stream()
                    .filter(role -> role.word().equals(word))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException(
                            where + "has other roles than view, content and operate, separated by commas alone")));
        }
        return Set.copyOf(roles);
    }

    int size() {
        return byHash.size();
    }

    /** Whose token it is. Takes the same time whether and where its hash is found, and however much of it is right. */
    Optional<Operator> find(String token) {
        byte[] hash = hash(token).getBytes(StandardCharsets.US_ASCII);
        Optional<Operator> found = Optional.empty();
        for (Map.Entry<String, Operator> line : byHash.entrySet()) {
            if (MessageDigest.isEqual(line.getKey().getBytes(StandardCharsets.US_ASCII), hash)) {
                found = Optional.of(line.getValue());
            }
        }
        return found;
    }

    /** SHA-256 in hexadecimal digits. */
    static String hash(String token) {
        return HexFormat.of().formatHex(ConcurrentMessageDigest.digestSHA256(token.getBytes(StandardCharsets.UTF_8)));
    }
}
