package org.gibsey.spine.management;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import org.gibsey.spine.management.Operator.Role;
import org.junit.jupiter.api.Test;

class NewTokenTest {

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);

    @Test
    void makesATokenAndTheLineOfIt() {
        assertThat(NewToken.run(new String[] {"--new-token", "vera", "view,operate"}, out))
                .isZero();

        String[] lines = printed.toString(StandardCharsets.UTF_8).split("\\R", -1);
        String line = lines[0].substring(lines[0].indexOf("  ")).strip();
        String token = lines[1].substring(lines[1].indexOf("  ")).strip();
        assertThat(token).matches("gift-spine_[A-Za-z0-9_-]{43}");
        assertThat(Operators.byHash(List.of(line)))
                .containsExactly(entry(Operators.hash(token), new Operator("vera", Set.of(Role.VIEW, Role.OPERATE))));
    }

    @Test
    void saysWhatIsMissing() {
        assertThat(NewToken.run(new String[] {"--new-token"}, out)).isEqualTo(2);
        assertThat(NewToken.run(new String[] {"--new-token", "vera", "everything"}, out))
                .isEqualTo(2);

        assertThat(printed.toString(StandardCharsets.UTF_8))
                .contains("usage: --new-token NAME ROLES")
                .doesNotContain("gift-spine_");
    }
}
