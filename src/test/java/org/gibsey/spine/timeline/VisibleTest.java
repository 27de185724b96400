package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.UUID;
import org.gibsey.spine.SpineSettings.Auth;
import org.gibsey.spine.http.Refused;
import org.gibsey.spine.identity.Caller;
import org.junit.jupiter.api.Test;

class VisibleTest {

    private static final UUID ANNA = UUID.fromString("aaaaaaaa-0000-4000-8000-00000000000a");
    private static final Caller CALLER = new Caller(ANNA, Instant.MAX);

    @Test
    void isToAReaderTheOwnAndToNobodyNothing() throws Refused {
        Visible own = visible("https://issuer.example", Auth.Read.OWN);

        assertThat(own.to(CALLER)).isEqualTo(ANNA);
        assertThatThrownBy(() -> own.to(null)).isInstanceOf(Refused.class);
    }

    @Test
    void isEverythingToEveryoneWhereThatIsSetAndWhereNobodyIsKnown() throws Refused {
        assertThat(visible("https://issuer.example", Auth.Read.EVERYONE).to(CALLER))
                .isNull();
        assertThat(visible("https://issuer.example", Auth.Read.EVERYONE).to(null))
                .isNull();
        assertThat(visible("", Auth.Read.OWN).to(null)).isNull();
    }

    private static Visible visible(String issuer, Auth.Read read) {
        return new Visible(new Auth(issuer, "", "", "authenticated", read, ""));
    }
}
