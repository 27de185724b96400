package org.gibsey.spine.audit;

import jakarta.servlet.http.HttpServletRequest;
import java.security.Principal;
import java.util.Locale;
import java.util.regex.Pattern;
import org.gibsey.spine.gift.CloudEvent;
import org.gibsey.spine.gift.TraceParent;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;

/**
 * Lines of the logger {@code audit}, with the fields of the Elastic Common Schema, so that they can be kept elsewhere and longer
 * than the others. Thread-safe.
 */
public final class AuditLog {

    private static final Logger LOG = LoggerFactory.getLogger("audit");
    private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}+");
    private static final int LONGEST = 2_000;

    /** What is known of an action at the moment, and how ECS calls that. */
    public enum Outcome {
        BEGINS("unknown"),
        DONE("success"),
        FAILED("failure"),
        DENIED("failure");

        private final String ecs;

        Outcome(String ecs) {
            this.ecs = ecs;
        }

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Who calls an operation, and where from.
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

    private AuditLog() {}

    /**
     * Writes a line.
     *
     * @param actor   as {@link Caller#actor} has it
     * @param address where from; null when not known
     * @param action  a word
     * @param what    what it is done to, or its result; never what a reader wrote
     */
    public static void write(String actor, @Nullable String address, String action, Outcome outcome, String what) {
        String plain = CONTROL.matcher(what).replaceAll(" ");
        String brief = plain.length() > LONGEST ? plain.substring(0, LONGEST) + "…" : plain;
        LOG.atInfo()
                .addKeyValue("event.kind", "event")
                .addKeyValue("event.action", action)
                .addKeyValue("event.outcome", outcome.ecs)
                .addKeyValue("user.name", actor)
                .addKeyValue("client.address", address)
                .log("{}{}: {} {}, {}", actor, address == null ? "" : " at " + address, action, outcome.word(), brief);
    }
}
