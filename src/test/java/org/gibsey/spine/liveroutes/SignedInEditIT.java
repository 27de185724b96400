package org.gibsey.spine.liveroutes;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.gibsey.spine.embedded.SignedInIT;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;

/** Where readers see their own gifts only, no edit makes a way past the database's own wall. */
@SignedInIT
class SignedInEditIT {

    @Autowired
    Rehearsal rehearsal;

    @Test
    void refusesAPublicRouteThatReadsPastTheReader() {
        String list = RouteFolderFixture.shipped("list-gifts");

        assertThat(problems("list-gifts", list)).isEmpty();
        assertThat(problems("list-gifts", list.replace("jdbc:vaultReads", "jdbc:dataSource")))
                .singleElement()
                .asString()
                .contains("must read through jdbc:vaultReads");
    }

    @Test
    void refusesThatOfARouteThatAPublicOneCalls() {
        String called = RouteFolderFixture.shipped("list-gifts")
                .replaceFirst("(?s)uri: platform-http:.*?steps:", "uri: direct:list-gifts\n      steps:")
                .replace("jdbc:vaultReads", "jdbc:dataSource");

        assertThat(problems("list-gifts", called))
                .singleElement()
                .asString()
                .contains("must read through jdbc:vaultReads");
    }

    @Test
    void letsTheWorkersRoutesWrite() {
        assertThat(problems("persist-gifts", RouteFolderFixture.shipped("persist-gifts")))
                .isEmpty();
    }

    private List<String> problems(String id, String text) {
        return rehearsal
                .rehearse(RouteFile.of(id + ".camel.yaml", text.getBytes(StandardCharsets.UTF_8)))
                .problems()
                .stream()
                .map(RouteProblem::reason)
                .toList();
    }
}
