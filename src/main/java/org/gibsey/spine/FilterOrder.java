package org.gibsey.spine;

import org.springframework.core.Ordered;

/** The order of the service's own filters on the public port, the outermost first. */
public final class FilterOrder {

    /** What the others log belongs to the trace. */
    public static final int TRACE = Ordered.HIGHEST_PRECEDENCE;

    /** Preflights and refused origins need not wait for a route. The place before is that of Spring's meters. */
    public static final int CORS = Ordered.HIGHEST_PRECEDENCE + 2;

    /** Only calls that go on to a route wait for it. */
    public static final int GATE = Ordered.HIGHEST_PRECEDENCE + 3;

    private FilterOrder() {}
}
