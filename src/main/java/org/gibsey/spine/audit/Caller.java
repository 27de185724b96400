package org.gibsey.spine.audit;

import jakarta.servlet.http.HttpServletRequest;
import java.security.Principal;
import org.gibsey.spine.gift.CloudEvent;
import org.gibsey.spine.gift.TraceParent;
import org.jspecify.annotations.Nullable;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;

/**
 * Who calls an operation, and where from. Immutable.
 *
 * @param actor   the name of an operator, {@code anybody} who has shown no token, {@code jmx}, or {@code unknown}
 * @param address null over JMX
 */
public record Caller(String actor, @Nullable String address, TraceParent trace) {

    /** The one this thread works for. */
    public static Caller current() {
        if (RequestContextHolder.getRequestAttributes() instanceof ServletRequestAttributes http) {
            HttpServletRequest request = http.getRequest();
            Principal operator = request.getUserPrincipal();
            return new Caller(
                    operator == null ? "unknown" : operator.getName(),
                    request.getRemoteAddr(),
                    TraceParent.parse(request.getHeader(CloudEvent.TRACE_PARENT))
                            .orElseGet(TraceParent::begin));
        }
        return new Caller("jmx", null, TraceParent.begin());
    }
}
