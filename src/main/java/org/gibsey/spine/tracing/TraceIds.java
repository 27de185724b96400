package org.gibsey.spine.tracing;

import org.gibsey.spine.gift.TraceParent;
import org.slf4j.MDC;
import org.springframework.core.task.TaskDecorator;
import org.springframework.stereotype.Component;

/** Takes the trace id along when a request changes its thread, as each does on its way into a route. Stateless. */
@Component
final class TraceIds implements TaskDecorator {

    @Override
    public Runnable decorate(Runnable task) {
        String traceId = MDC.get(TraceParent.LOG_KEY);
        if (traceId == null) {
            return task;
        }
        return () -> {
            MDC.put(TraceParent.LOG_KEY, traceId);
            try {
                task.run();
            } finally {
                MDC.remove(TraceParent.LOG_KEY);
            }
        };
    }
}
