package org.gibsey.spine.http;

import jakarta.servlet.http.HttpServletRequest;

/**
 * The moment at which a call is done with its route: its answer is made, and is only sent from here on, which takes as long as
 * its reader likes. A call that is answered by no route, or with nothing, does not tell.
 */
public final class AnswerMade {

    private static final String LISTENER = AnswerMade.class.getName();

    private AnswerMade() {}

    /** What to do at that moment, in the thread of the call. */
    public static void listen(HttpServletRequest request, Runnable listener) {
        request.setAttribute(LISTENER, listener);
    }

    /** It is that moment. */
    public static void tell(HttpServletRequest request) {
        if (request.getAttribute(LISTENER) instanceof Runnable listener) {
            listener.run();
        }
    }
}
