package org.gibsey.spine.audit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;
import java.util.TreeMap;
import org.gibsey.spine.audit.AuditLog.Caller;
import org.gibsey.spine.audit.AuditLog.Outcome;
import org.gibsey.spine.gift.TraceParent;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.springframework.boot.actuate.endpoint.EndpointId;
import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.actuate.endpoint.InvocationContext;
import org.springframework.boot.actuate.endpoint.OperationType;
import org.springframework.boot.actuate.endpoint.invoke.OperationInvoker;
import org.springframework.boot.actuate.endpoint.invoke.OperationInvokerAdvisor;
import org.springframework.boot.actuate.endpoint.invoke.OperationParameters;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.http.HttpStatus;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ResponseStatusException;

/**
 * Says who uses an operation that changes something, before and after, whichever endpoint has it and whether it comes over HTTP or
 * JMX. Operations that have a dry run send gifts again, and those that want to know why give some up: they are also rows of the
 * table {@code operator_action}, and nothing is done when there can be none. Stopping and starting a route has to work without a
 * database, and is a line only. Thread-safe.
 */
@Component
class AuditedOperations implements OperationInvokerAdvisor {

    private static final Logger LOG = LoggerFactory.getLogger(AuditedOperations.class);
    private static final String DRY_RUN = "dryRun";
    private static final String WHY = "why";
    /** What a reader may have written: its length is noted, never what it says. */
    private static final String VALUE = "value";

    private final JdbcClient vault;
    private final ObjectMapper json;

    AuditedOperations(JdbcClient vault, ObjectMapper json) {
        this.vault = vault;
        this.json = json;
    }

    @Override
    public OperationInvoker apply(
            EndpointId endpoint, OperationType type, OperationParameters parameters, OperationInvoker invoker) {
        if (type == OperationType.READ) {
            return invoker;
        }
        boolean hasDryRun = has(parameters, DRY_RUN);
        boolean stored = hasDryRun || has(parameters, WHY);
        return call -> isDry(hasDryRun, call)
                ? invoker.invoke(call)
                : audited(endpoint.toLowerCaseString(), stored, call, invoker);
    }

    private static boolean has(OperationParameters parameters, String name) {
        return parameters.stream().anyMatch(parameter -> parameter.getName().equals(name));
    }

    /** Only what surely is a dry run counts as one. */
    private static boolean isDry(boolean hasDryRun, InvocationContext call) {
        Object dryRun = call.getArguments().get(DRY_RUN);
        return hasDryRun && (dryRun == null || dryRun.toString().equals("true"));
    }

    private @Nullable Object audited(String action, boolean stored, InvocationContext call, OperationInvoker invoker) {
        Caller caller = Caller.current();
        String arguments = arguments(call);
        MDC.put(TraceParent.LOG_KEY, caller.trace().traceId());
        try {
            AuditLog.write(caller.actor(), caller.address(), action, Outcome.BEGINS, arguments);
            Outcome outcome = Outcome.FAILED;
            String result = "a defect";
            Long row = null;
            try {
                row = stored ? begin(caller, action, arguments) : null;
                Object answer = invoker.invoke(call);
                outcome = Outcome.DONE;
                result = String.valueOf(answer);
                return answer;
            } catch (RuntimeException e) {
                // its message may quote anything
                result = e.getClass().getSimpleName();
                throw e;
            } finally {
                AuditLog.write(caller.actor(), caller.address(), action, outcome, arguments + " " + result);
                if (row != null) {
                    end(row, outcome, result);
                }
            }
        } finally {
            MDC.remove(TraceParent.LOG_KEY);
        }
    }

    private String arguments(InvocationContext call) {
        try {
            Map<String, Object> noted = new TreeMap<>(call.getArguments());
            noted.computeIfPresent(VALUE, (name, value) -> value.toString().length() + " characters");
            return json.writeValueAsString(noted);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("what came as JSON or text can be written as JSON", e);
        }
    }

    private long begin(Caller caller, String action, String arguments) {
        try {
            return vault.sql("""
                            insert into operator_action (actor, address, action, arguments, trace)
                            values (:actor, :address, :action, :arguments::jsonb, :trace) returning id""")
                    .param("actor", caller.actor())
                    .param("address", caller.address())
                    .param("action", action)
                    .param("arguments", arguments)
                    .param("trace", caller.trace().traceId())
                    .query(Long.class)
                    .single();
        } catch (DataIntegrityViolationException e) {
            String why = "what was given has characters that cannot be noted down";
            throw new InvalidEndpointRequestException(why, why);
        } catch (DataAccessException e) {
            throw new ResponseStatusException(
                    HttpStatus.SERVICE_UNAVAILABLE,
                    "Nothing was done, because it cannot be noted down: the table operator_action cannot be written",
                    e);
        }
    }

    /** What is done is done, also when this cannot be noted: the line of the log has it. */
    private void end(long row, Outcome outcome, String result) {
        try {
            vault.sql("update operator_action set outcome = :outcome, result = left(:result, 2000), ended_at = now()"
                            + " where id = :id")
                    .param("outcome", outcome.word())
                    .param("result", result)
                    .param("id", row)
                    .update();
        } catch (DataAccessException e) {
            LOG.warn("The outcome of operator action {} is in the log only", row);
        }
    }
}
