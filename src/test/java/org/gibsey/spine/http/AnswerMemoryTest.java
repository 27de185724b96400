package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.gibsey.spine.ClientShares;
import org.gibsey.spine.identity.Caller;
import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockHttpServletRequest;

class AnswerMemoryTest {

    private static final int PLACES = 8;
    private static final int OF_A_CLIENT = PLACES / 4;

    private final AnswerMemory memory = new AnswerMemory(PLACES * (32L << 20), 100, new ClientShares(128));

    @Test
    void oneClientLeavesThreeQuartersOfThePlacesToOthers() throws Refused {
        List<AnswerMemory.Place> taken = new ArrayList<>();
        for (int i = 0; i < OF_A_CLIENT; i++) {
            taken.add(memory.begin("192.0.2.1"));
        }

        assertThatThrownBy(() -> memory.begin("192.0.2.1")).isInstanceOf(Refused.class);

        for (int other = 2; other < 2 + PLACES - OF_A_CLIENT; other++) {
            taken.add(memory.begin("192.0.2." + other));
        }
        assertThat(taken).hasSize(PLACES);
        taken.forEach(AnswerMemory.Place::close);
    }

    /** The others are for what is stored, for timelines and for the ledger. */
    @Test
    void answersInTheMakingLeaveHalfOfTheConnectionsToTheDatabase() throws Refused {
        AnswerMemory answers = new AnswerMemory(1L << 40, 10, new ClientShares(128));
        List<AnswerMemory.Place> taken = new ArrayList<>();
        for (int client = 1; client <= 5; client++) {
            taken.add(answers.begin("192.0.2." + client));
        }

        assertThatThrownBy(() -> answers.begin("192.0.2.6")).isInstanceOf(Refused.class);
        taken.forEach(AnswerMemory.Place::close);
    }

    @Test
    void readersBehindOneAddressHaveAShareEachAndAReaderHasOneWhereverFrom() throws Refused {
        UUID first = UUID.randomUUID();
        List<AnswerMemory.Place> taken = new ArrayList<>();
        for (int i = 0; i < OF_A_CLIENT; i++) {
            taken.add(memory.begin(of("192.0.2." + i, first)));
        }

        assertThatThrownBy(() -> memory.begin(of("192.0.2.9", first))).isInstanceOf(Refused.class);

        taken.add(memory.begin(of("192.0.2.1", UUID.randomUUID())));
        taken.add(memory.begin("192.0.2.1"));
        taken.forEach(AnswerMemory.Place::close);
    }

    @Test
    void whoWaitsGetsThePlaceThatBecomesFree() throws Exception {
        AnswerMemory small = new AnswerMemory(1, 1, new ClientShares(128));
        AnswerMemory.Place only = small.begin("192.0.2.1");
        Thread waits = new Thread(() -> {
            try (AnswerMemory.Place next = small.begin("192.0.2.2")) {
                next.send(1);
            } catch (Refused busy) {
                throw new IllegalStateException(busy);
            }
        });
        List<Throwable> failures = new ArrayList<>();
        waits.setUncaughtExceptionHandler((thread, failure) -> failures.add(failure));
        waits.start();

        only.close();

        waits.join();
        assertThat(failures).isEmpty();
    }

    @Test
    void bytesThatWaitForTheirReadersAreAShareToo() throws Refused {
        int half = PLACES * (32 << 20) / 8 / 2;
        AnswerMemory.Place large = memory.begin("192.0.2.1");
        AnswerMemory.Place second = memory.begin("192.0.2.1");
        AnswerMemory.Place ofAnother = memory.begin("192.0.2.2");
        large.send(half + 1);

        assertThatThrownBy(() -> second.send(1 << 20)).isInstanceOf(Refused.class);
        ofAnother.send(1 << 20);

        large.close();
        second.send(1 << 20);
        second.close();
        ofAnother.close();
    }

    private static String of(String address, UUID reader) {
        MockHttpServletRequest request = new MockHttpServletRequest();
        request.setRemoteAddr(address);
        new Caller(reader, Instant.MAX).enter(request);
        return Caller.client(request);
    }
}
