package org.gibsey.spine.gift;

/** Bytes that are not one JSON object. The message says what is wrong and where, without quoting the input. */
public final class MalformedJson extends Exception {

    public MalformedJson(String message) {
        super(message);
    }
}
