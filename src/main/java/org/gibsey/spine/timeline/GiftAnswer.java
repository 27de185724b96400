package org.gibsey.spine.timeline;

import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.gibsey.spine.gift.UnknownGift;
import org.springframework.stereotype.Component;

/** Throws {@link UnknownGift} when a gift is neither in the vault nor among the dead letters. Thread-safe. */
@Component("giftAnswer")
final class GiftAnswer implements Processor {

    @Override
    public void process(Exchange exchange) throws UnknownGift {
        if (exchange.getMessage().getBody() == null) {
            throw new UnknownGift("No gift of this id is stored or dead. If it was just saved, ask again in a moment.");
        }
    }
}
