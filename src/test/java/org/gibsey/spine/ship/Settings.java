package org.gibsey.spine.ship;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The environment variables the application is set by, and what they are when nobody sets them. */
final class Settings {

    private static final Path FILE = Path.of("src/main/resources/application.yaml");
    private static final Path TLS = Path.of("src/main/resources/application-tls.yaml");
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{([A-Z][A-Z0-9_]*):([^}]*)}");
    /** Read by the JVM or by Spring, not by the application. */
    private static final Set<String> OF_OTHERS = Set.of("JAVA_TOOL_OPTIONS", "SPRING_PROFILES_ACTIVE");

    private static final Map<String, String> DEFAULTS = read();

    private Settings() {}

    static boolean exists(String variable) {
        return DEFAULTS.containsKey(variable) || OF_OTHERS.contains(variable);
    }

    /** What holds when the variable is not set. */
    static String otherwise(String variable) {
        String value = DEFAULTS.get(variable);
        if (value == null) {
            throw new IllegalArgumentException("no setting " + variable);
        }
        return value;
    }

    /** A value of the file that no variable stands for. */
    static JsonNode fixed(String pointer) {
        return Yaml.read(FILE).at(pointer);
    }

    private static Map<String, String> read() {
        Matcher variables = VARIABLE.matcher(Yaml.text(FILE) + Yaml.text(TLS));
        return variables
                .results()
                .collect(Collectors.toMap(
                        found -> found.group(1), found -> found.group(2), (one, same) -> one, TreeMap::new));
    }
}
