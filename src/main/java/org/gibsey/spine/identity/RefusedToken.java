package org.gibsey.spine.identity;

/** A token that says nothing about who calls. It does not say why: who makes up tokens learns nothing from it. */
public final class RefusedToken extends Exception {

    /** What stands in the way. */
    public enum Reason {
        /** It is not the issuer's, not for this service, or not for now. */
        INVALID,
        /** The keys of the issuer could not be had so far, so nobody can tell. */
        NO_KEYS,
        /** Too many others are looked at just now. */
        BUSY
    }

    private final Reason reason;

    RefusedToken(Reason reason) {
        super(reason.name());
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }

    /** No stack trace: clients cause these as often as they like, and nobody reads it. */
    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }
}
