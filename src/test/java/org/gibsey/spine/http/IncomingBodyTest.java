package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import jakarta.servlet.ServletInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.stream.LongStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.gibsey.spine.ClientShares;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.embedded.Patience;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.mockito.Mockito;
import org.springframework.mock.web.DelegatingServletInputStream;
import org.springframework.mock.web.MockHttpServletRequest;

class IncomingBodyTest {

    private static final int ROOM = 64 << 10;

    private final SpineSettings settings = Mockito.mock(SpineSettings.class);
    private final ClientShares coming = new ClientShares(32);
    private final ClientShares bytes = new ClientShares(ROOM);

    @BeforeEach
    void limit() {
        Mockito.when(settings.limits()).thenReturn(new SpineSettings.Limits(10, 10, 1 << 20, 0));
        bodiesMayTake(Patience.LIMIT);
    }

    private void bodiesMayTake(Duration time) {
        Mockito.when(settings.http())
                .thenReturn(new SpineSettings.Http(List.of(), List.of(), 32, 32, ROOM, time, time, time, time, time));
    }

    /** A body may be waited for during thousands of looks. */
    @Test
    void neverLooksWithoutAPauseHoweverLongABodyIsWaitedFor() {
        LongStream pauses = LongStream.iterate(IncomingBody.SHORTEST_PAUSE, IncomingBody::longer)
                .limit(10_000);

        assertThat(pauses)
                .allSatisfy(
                        pause -> assertThat(pause).isBetween(IncomingBody.SHORTEST_PAUSE, IncomingBody.LONGEST_PAUSE));
    }

    @Test
    void aBodyThatIsAnnouncedAndDoesNotComeTakesNoRoom() throws IOException {
        bodiesMayTake(Duration.ofMillis(50));
        IncomingBody announced = body("192.0.2.1", 0, 1 << 20);

        assertRefused(announced::read, 408);
    }

    /** One that comes so fast that each look finds something is never waited for. */
    @Test
    void aBodyThatIsNeverWaitedForHasItsTimeToo() throws IOException {
        bodiesMayTake(Duration.ZERO);

        assertRefused(body("192.0.2.1", 10, 10)::read, 408);
    }

    @Test
    void bodiesThatAreThereAreAShareOfTheRoomForAllBodies() throws IOException {
        IncomingBody first = body("192.0.2.1", ROOM * 7 / 16, ROOM * 7 / 16);
        assertThat(first.read()).hasSize(ROOM * 7 / 16);

        assertRefused(body("192.0.2.1", ROOM / 4, ROOM / 4)::read, 429);
        IncomingBody ofAnother = body("192.0.2.2", ROOM / 4, ROOM / 4);
        assertThat(ofAnother.read()).hasSize(ROOM / 4);

        first.forget();
        assertThat(body("192.0.2.1", ROOM / 4, ROOM / 4).read()).hasSize(ROOM / 4);
    }

    /** @param length that comes, bytes */
    private IncomingBody body(String client, int length, int announced) throws IOException {
        ByteArrayInputStream sent = new ByteArrayInputStream(new byte[length]);
        MockHttpServletRequest request = new MockHttpServletRequest() {
            @Override
            public long getContentLengthLong() {
                return announced;
            }

            @Override
            public ServletInputStream getInputStream() {
                return new DelegatingServletInputStream(sent) {
                    @Override
                    public boolean isFinished() {
                        return sent.available() == 0 && length == announced;
                    }
                };
            }
        };
        return new IncomingBody(request, client, settings, coming, bytes);
    }

    private static void assertRefused(ThrowingCallable reading, int status) {
        assertThatThrownBy(reading)
                .asInstanceOf(type(Refused.class))
                .extracting(refused -> refused.problem().status())
                .isEqualTo(status);
    }
}
