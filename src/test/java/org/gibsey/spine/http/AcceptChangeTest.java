package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.UUID;
import javax.sql.DataSource;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.SpineSettings.Auth.Read;
import org.gibsey.spine.identity.Caller;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mockito.Mockito;

/** Whose gift a reader may change. */
class AcceptChangeTest {

    private static final UUID ANNA = UUID.fromString("aaaaaaaa-0000-4000-8000-000000000001");
    private static final UUID BERT = UUID.fromString("bbbbbbbb-0000-4000-8000-000000000002");

    @Test
    void letsTheOwnerPassAndSaysWhoItWas() throws Exception {
        Exchange exchange = delete(ANNA);

        acceptChange(Read.EVERYONE).process(exchange);

        assertThat(exchange.getMessage().getBody(String.class))
                .contains("\"user_id\":\"" + ANNA + "\"", "\"by\":\"" + ANNA + "\"");
    }

    @Test
    void saysWhoseGiftItIsNotWhereEverybodyReadsIt() {
        assertThatThrownBy(() -> acceptChange(Read.EVERYONE).process(delete(BERT)))
                .isInstanceOfSatisfying(
                        Refused.class,
                        refused -> assertThat(refused.problem().status()).isEqualTo(403));
    }

    @Test
    void knowsNoGiftOfAnotherWhereReadersSeeTheirOwnOnly() {
        assertThatThrownBy(() -> acceptChange(Read.OWN).process(delete(BERT)))
                .isInstanceOfSatisfying(
                        Refused.class,
                        refused -> assertThat(refused.problem().status()).isEqualTo(404));
    }

    @ParameterizedTest
    @CsvSource({"-29, 202", "-31, 410"})
    void restoresWhatWasDeletedNoLongerAgoThanItIsKept(int daysAgo, int status) throws Exception {
        Exchange exchange = delete(ANNA);
        exchange.getMessage().setHeader(Exchange.HTTP_METHOD, "POST");
        Map<String, Object> row = ChangeRoutes.row();
        row.put("user_id", ANNA);
        row.put("deleted_at", Timestamp.from(Instant.now().plus(daysAgo, ChronoUnit.DAYS)));
        exchange.getMessage().setBody(row);

        if (status == 410) {
            assertThatThrownBy(() -> acceptChange(Read.OWN).process(exchange))
                    .isInstanceOfSatisfying(
                            Refused.class,
                            refused -> assertThat(refused.problem().status()).isEqualTo(410));
        } else {
            acceptChange(Read.OWN).process(exchange);
            assertThat(exchange.getMessage().getBody(String.class)).contains(ANNA.toString());
        }
    }

    /** Of Anna's gift. */
    private static Exchange delete(UUID caller) {
        Exchange exchange = new DefaultExchange(new DefaultCamelContext());
        Map<String, Object> row = ChangeRoutes.row();
        row.put("user_id", ANNA);
        exchange.getMessage().setBody(row);
        exchange.getMessage().setHeader(Exchange.HTTP_METHOD, "DELETE");
        new Caller(caller, Instant.MAX).enter(exchange);
        return exchange;
    }

    private static AcceptChange acceptChange(Read read) {
        SpineSettings settings = Mockito.mock();
        Mockito.when(settings.auth())
                .thenReturn(new SpineSettings.Auth("https://issuer.example", "", "", "authenticated", read, ""));
        Mockito.when(settings.changes())
                .thenReturn(new SpineSettings.Changes("gift_changes", false, Duration.ofDays(30)));
        Mockito.when(settings.limits()).thenReturn(new SpineSettings.Limits(10, 10, 1000, 0));
        return new AcceptChange(settings, Mockito.mock(DataSource.class), Clock.systemUTC(), Clock.systemUTC());
    }
}
