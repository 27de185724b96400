package org.gibsey.spine.http;

import java.io.IOException;

/** A call that is refused, with what its caller is told. An {@link IOException}, because reading a body finds most of them. */
final class Refused extends IOException {

    private final transient Problem problem;

    Refused(Problem problem) {
        super(problem.detail());
        this.problem = problem;
    }

    Problem problem() {
        return problem;
    }

    /** Thrown for what clients do, at any rate they like: nobody reads where. */
    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }
}
