package org.gibsey.spine.http;

import java.time.Clock;
import java.time.temporal.ChronoUnit;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.gibsey.spine.gift.CloudEvent;
import org.gibsey.spine.gift.ReaderErasure;
import org.gibsey.spine.identity.Caller;
import org.springframework.stereotype.Component;

/**
 * Turns the wish of a reader to be forgotten into the event the topic of changes carries, as {@link AcceptChange} does. The
 * reader is the one of the token, whatever the request says. Throws {@link Refused} where readers are not known. Thread-safe.
 */
@Component(AcceptErasure.NAME)
final class AcceptErasure implements Processor {

    /** Name of this bean in route files. A route with a step that uses it takes changes. */
    static final String NAME = "acceptErasure";

    private static final String SOURCE = "/delete-account";

    private final Clock clock;

    AcceptErasure(Clock clock) {
        this.clock = clock;
    }

    @Override
    public void process(Exchange exchange) throws Refused {
        Caller caller = Caller.of(exchange);
        if (caller == null) {
            throw new Refused(Problem.nobodyKnown());
        }
        ReaderErasure erasure =
                ReaderErasure.of(caller.reader(), clock.instant().truncatedTo(ChronoUnit.MICROS));
        String reader = erasure.reader().toString();
        AcceptGift.become(exchange, reader, erasure.id(), SOURCE, ReaderErasure.TYPE, erasure.at());
        Message message = exchange.getMessage();
        message.setHeader(CloudEvent.SUBJECT, reader);
        message.setBody(erasure.eventValue());
    }
}
