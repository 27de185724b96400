package org.gibsey.spine.management;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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
 * Who may do what on the management port, as {@code MANAGEMENT_TOKENS} says. Without a file everybody who reaches the port may do
 * everything while it answers this machine alone; when it answers others they may look and no more, because whoever opened it may
 * not have thought of who else is in that network. Thread-safe.
 */
@Component
class Operators {

    /** Instead of a file: whoever reaches the port may do everything. */
    private static final String NO_TOKENS = "none";

    private static final Logger LOG = LoggerFactory.getLogger(Operators.class);

    private final @Nullable Path file;
    private final Operator anybody;
    private @Nullable String content;
    private OperatorTokens tokens = OperatorTokens.of(List.of());
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
     * nothing at once. A file that is wrong changes nothing.
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
        return tokens.find(token);
    }

    /** @return what is wrong with the file; null when it was taken */
    private @Nullable String look(Path tokenFile) {
        try {
            String now = Files.readString(tokenFile);
            if (!now.equals(content)) {
                tokens = OperatorTokens.of(now.lines().toList());
                content = now;
                LOG.info("{} tokens of operators are in {}", tokens.size(), tokenFile);
            }
            return null;
        } catch (IOException e) {
            return "it cannot be read: " + e.getClass().getSimpleName();
        } catch (IllegalArgumentException e) {
            return e.getMessage();
        }
    }
}
