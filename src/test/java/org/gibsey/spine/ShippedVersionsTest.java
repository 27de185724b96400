package org.gibsey.spine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.lang.module.ModuleDescriptor.Version;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * No shipped library is older than the fix of a vulnerability in {@code minimum-versions.csv}. Maven has one version of a
 * library for all scopes, so what the tests run with is what is shipped.
 */
class ShippedVersionsTest {

    private static final String HERE = System.getProperty("java.class.path");

    @ParameterizedTest
    @CsvFileSource(resources = "/minimum-versions.csv", delimiter = '|')
    void noLibraryIsOlderThanTheFixOfAKnownVulnerability(String library, String minimum, String fixes) {
        assertThat(version(HERE, library))
                .as("%s, with the fix of %s in %s", library, fixes, minimum)
                .hasValueSatisfying(shipped -> assertThat(isOlder(shipped, minimum))
                        .as("%s is older", shipped)
                        .isFalse());
    }

    @Test
    void aLibraryIsFoundOnTheClassPathWithItsVersion() {
        String path = String.join(
                File.pathSeparator,
                "target/classes",
                "/m2/org/postgresql/postgresql/42.7.11/postgresql-42.7.11.jar",
                "/m2/com/github/luben/zstd-jni/1.5.7-28/zstd-jni-1.5.7-28.jar");

        assertThat(version(path, "org.postgresql:postgresql")).contains("42.7.11");
        assertThat(version(path, "com.github.luben:zstd-jni")).contains("1.5.7-28");
        assertThat(version(path, "org.yaml:snakeyaml")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "10.1.55,  10.1.62,  true",
        "10.1.9,   10.1.62,  true",
        "1.5.6-4,  1.5.7-14, true",
        "1.5.7-9,  1.5.7-14, true",
        "1.1.10,   1.1.10.4, true",
        "10.1.62,  10.1.62,  false",
        "10.2.0,   10.1.62,  false",
        "1.5.7-28, 1.5.7-14, false",
        "2.4,      2.0,      false"
    })
    void versionsAreComparedNumberByNumber(String shipped, String minimum, boolean older) {
        assertThat(isOlder(shipped, minimum)).isEqualTo(older);
    }

    /** As the local repository's layout has it: group, artifact and version are folders. */
    private static Optional<String> version(String classPath, String library) {
        String[] name = library.split(":", 2);
        Pattern jar = Pattern.compile("/%s/%s/([^/]+)/%2$s-\\1\\.jar"
                .formatted(Pattern.quote(name[0].replace('.', '/')), Pattern.quote(name[1])));
        Matcher found = jar.matcher(classPath.replace(File.separatorChar, '/'));
        return found.find() ? Optional.of(found.group(1)) : Optional.empty();
    }

    private static boolean isOlder(String version, String minimum) {
        return Version.parse(version).compareTo(Version.parse(minimum)) < 0;
    }
}
