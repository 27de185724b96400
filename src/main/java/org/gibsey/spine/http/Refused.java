package org.gibsey.spine.http;

import java.io.IOException;
import org.gibsey.spine.ClientShares;

/** A call that is refused, with what its caller is told. An {@link IOException}, because reading a body finds most of them. */
public final class Refused extends IOException {

    private final transient Problem problem;

    Refused(Problem problem) {
        super(problem.detail());
        this.problem = problem;
    }

    /** Nothing was done, because all places are taken. */
    static Refused busy() {
        return new Refused(Problem.busy());
    }

    /**
     * Nothing was done, because a client was given no room.
     *
     * @param calls the answer names how many of these one client may have
     */
    public static void unlessTaken(ClientShares.Outcome outcome, ClientShares calls) throws Refused {
        switch (outcome) {
            case TAKEN -> {}
            case SHARE_USED -> throw new Refused(Problem.shareUsed(calls));
            case FULL -> throw busy();
        }
    }

    /** It is for readers who are known. */
    public static Refused signIn() {
        return new Refused(Problem.signIn());
    }

    /** There is nothing of this id, or nothing yet. */
    public static Refused unknown(String detail) {
        return new Refused(Problem.unknown(detail));
    }

    /** It was there, and is not any more. */
    public static Refused gone(String detail) {
        return new Refused(Problem.gone(detail));
    }

    Problem problem() {
        return problem;
    }

    /** No stack trace: clients cause these as often as they like, and nobody reads it. */
    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }
}
