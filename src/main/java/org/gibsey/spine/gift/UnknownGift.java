package org.gibsey.spine.gift;

/** No gift of the id asked for is stored or dead: it may be in flight. */
public final class UnknownGift extends Exception {

    public UnknownGift(String message) {
        super(message);
    }
}
