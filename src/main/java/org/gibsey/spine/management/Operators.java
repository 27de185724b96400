package org.gibsey.spine.management;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
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
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.management.Operator.Role;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementServerProperties;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.stereotype.Component;

/**
 * Who may do what on the management port, as the file of {@code MANAGEMENT_TOKENS} says. Its lines are {@code name roles
 * sha256:hash}; the tokens themselves are nowhere, and have 256 random bits ({@link NewToken}), so a plain hash keeps them.
 *
 * <p>Without a file everybody who reaches the port may do everything while it answers this machine alone; when it answers others
 * they may look and no more, because whoever opened it may not have thought of who else is in that network. Thread-safe.
 */
@Component
class Operators {

    /** Instead of a file: whoever reaches the port may do everything. */
    private static final String NO_TOKENS = "none";

    private static final Logger LOG = LoggerFactory.getLogger(Operators.class);

    private static final Pattern LINE =
            Pattern.compile("(?<name>[A-Za-z0-9._@-]{1,64})\\s+(?<roles>\\S+)\\s+sha256:(?<hash>[0-9a-f]{64})");
    /** Names that the audit gives to others. */
    private static final Set<String> TAKEN = Set.of(Operator.ANYBODY, "jmx", "unknown");

    private final @Nullable Path file;
    private final Operator anybody;
    private @Nullable String content;
    private Map<String, Operator> byHash = Map.of();
    private @Nullable String problem;

    @Autowired
    Operators(SpineSettings settings, ManagementServerProperties server) {
        this(settings.management().tokens(), server.getAddress());
    }

    /**
     * @param setting {@code MANAGEMENT_TOKENS}
     * @param address the port answers at; null: at every one
     */
    Operators(String setting, @Nullable InetAddress address) {
        boolean trusted =
                setting.equals(NO_TOKENS) || (setting.isEmpty() && address != null && address.isLoopbackAddress());
        file = setting.isEmpty() || setting.equals(NO_TOKENS) ? null : Path.of(setting);
        anybody = new Operator(
                Operator.ANYBODY, trusted ? EnumSet.allOf(Role.class) : file == null ? Set.of(Role.VIEW) : Set.of());
        if (file != null) {
            String wrong = look(file);
            if (wrong != null) {
                throw new InvalidConfigurationPropertyValueException("spine.management.tokens", setting, wrong);
            }
        }
    }

    /** Who has shown no token, and what that is enough for. */
    Operator anybody() {
        return anybody;
    }

    /** Whether tokens are asked for. */
    boolean haveTokens() {
        return file != null;
    }

    /**
     * Whose token it is, by the file as it is now: it is small enough to be read each time, and what was taken out of it is worth
     * nothing at once. A file that is wrong changes nothing. Takes the same time whether and where the hash of the token is found,
     * and however much of it is right.
     */
    synchronized Optional<Operator> find(String token) {
        if (file == null) {
            return Optional.empty();
        }
        String wrong = look(file);
        if (wrong != null && !wrong.equals(problem)) {
            LOG.warn("The tokens of operators stay as they were: {}, {}", file, wrong);
        }
        problem = wrong;
        byte[] hash = hash(token).getBytes(StandardCharsets.US_ASCII);
        Optional<Operator> found = Optional.empty();
        for (Map.Entry<String, Operator> line : byHash.entrySet()) {
            if (MessageDigest.isEqual(line.getKey().getBytes(StandardCharsets.US_ASCII), hash)) {
                found = Optional.of(line.getValue());
            }
        }
        return found;
    }

    /** @return what is wrong with the file; null when it was taken */
    private @Nullable String look(Path tokenFile) {
        try {
            String now = Files.readString(tokenFile);
            if (!now.equals(content)) {
                byHash = byHash(now.lines().toList());
                content = now;
                LOG.info("{} tokens of operators are in {}", byHash.size(), tokenFile);
            }
            return null;
        } catch (IOException e) {
            return "it cannot be read: " + e.getClass().getSimpleName();
        } catch (IllegalArgumentException e) {
            return e.getMessage();
        }
    }

    /**
     * @param lines of the file; empty ones and those that begin with {@code #} say nothing
     * @throws IllegalArgumentException naming the first line that is wrong, and never quoting it
     */
    static Map<String, Operator> byHash(List<String> lines) {
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
        return byHash;
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

    /** SHA-256 in hexadecimal digits. */
    static String hash(String token) {
        return HexFormat.of().formatHex(ConcurrentMessageDigest.digestSHA256(token.getBytes(StandardCharsets.UTF_8)));
    }
}
