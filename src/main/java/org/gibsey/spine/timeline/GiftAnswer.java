package org.gibsey.spine.timeline;

import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.gibsey.spine.gift.UnknownGift;
import org.springframework.stereotype.Component;

/** Ends the search for a gift that was found nowhere, with {@link UnknownGift}. Thread-safe. */
@Component("giftAnswer")
final class GiftAnswer implements Processor {

    @Override
    public void process(Exchange exchange) throws UnknownGift {
        if (exchange.getMessage().getBody() == null) {
            throw new UnknownGift("No gift of this id is stored or dead. If it was just saved, ask again in a moment.");
        }
    }
}
