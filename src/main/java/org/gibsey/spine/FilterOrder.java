package org.gibsey.spine;

import org.springframework.core.Ordered;

/** The order of the service's own filters on the public port, the outermost first. */
public final class FilterOrder {

    /** First, so that what the others log has the trace id. */
    public static final int TRACE = Ordered.HIGHEST_PRECEDENCE;

    /** Preflights and refused origins need not wait for a route. The place before is that of Spring's meters. */
    public static final int CORS = Ordered.HIGHEST_PRECEDENCE + 2;

    /** Before any body is read and any route looked for: a caller who is refused costs neither. */
    public static final int CALLER = Ordered.HIGHEST_PRECEDENCE + 3;

    /** Before anything looks for the route of a path, since this changes the path. */
    public static final int ROW_NUMBER = Ordered.HIGHEST_PRECEDENCE + 4;

    /** Calls that are refused anyway need no body. */
    public static final int BODY = Ordered.HIGHEST_PRECEDENCE + 5;

    /** Only calls that go on to a route wait for it, and only whole ones: a client's pace must not hold up an edit. */
    public static final int GATE = Ordered.HIGHEST_PRECEDENCE + 6;

    /** Last: what is behind it makes the answers that can be long. */
    public static final int ANSWER_DEADLINE = Ordered.HIGHEST_PRECEDENCE + 7;

    private FilterOrder() {}
}
