package org.gibsey.spine.timeline;

import com.github.f4b6a3.uuid.util.UuidValidator;
import java.sql.Timestamp;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.apache.camel.component.jdbc.JdbcConstants;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.gift.EventId;
import org.gibsey.spine.http.Refused;
import org.gibsey.spine.identity.Caller;
import org.jspecify.annotations.Nullable;
import org.springframework.context.annotation.Bean;
import org.springframework.stereotype.Component;

/**
 * Answers with the row of a gift or change that was found, and of a gift with its {@code revision} as entity tag, which
 * {@code If-Match} of an edit names. Of a deleted gift it says until when it can be restored, and nothing that was in it. Throws
 * {@link Refused} when it is neither stored nor among the dead letters, or the dead wish of another reader to be forgotten, and when
 * nothing is left of it. Thread-safe.
 */
@Component("giftAnswer")
final class GiftAnswer implements Processor {

    /** Placeholder of the path, header and named parameter. */
    static final String EVENT_ID = "event_id";

    private final SpineSettings.Changes changes;

    GiftAnswer(SpineSettings settings) {
        this.changes = settings.changes();
    }

    /**
     * Reads the {@value #EVENT_ID} of a request's path and offers it to the SQL of the route as the named parameter of this name,
     * beside {@code reader}, whose gifts are shown, null for anybody's, and {@code caller}, null where nobody is known. Throws {@link
     * Refused} for what is no UUID, as no event can have it.
     */
    @Bean
    static Processor giftQuery(Visible visible) {
        return exchange -> {
            Message message = exchange.getMessage();
            String id = message.getHeader(EVENT_ID, String.class);
            if (!UuidValidator.isValid(id)) {
                throw Refused.unknown("No gift or change has such an id: it is a UUID.");
            }
            Caller caller = Caller.of(exchange);
            Map<String, @Nullable Object> parameters = new HashMap<>();
            parameters.put(EVENT_ID, id);
            parameters.put("reader", visible.to(caller));
            parameters.put("caller", caller == null ? null : caller.reader());
            message.setHeader(JdbcConstants.JDBC_PARAMETERS, parameters);
        };
    }

    /**
     * Answers with the steps of a gift's life that were found; {@code sets} becomes a list of names. Throws {@link
     * Refused} when there is no gift, and when it is deleted: what it said is shown to nobody.
     */
    @Bean
    @SuppressWarnings("unchecked")
    static Processor historyAnswer() {
        return exchange -> {
            List<Map<String, @Nullable Object>> steps = exchange.getMessage().getBody(List.class);
            if (steps.isEmpty()) {
                throw Refused.unknown("No gift of this id is stored. If it was just saved, ask again in a moment.");
            }
            for (Map<String, @Nullable Object> step : steps) {
                if (step.remove("deleted_at") != null) {
                    throw Refused.gone("The gift is deleted. Restore it first.");
                }
                String sets = String.valueOf(step.get("sets"));
                step.put("sets", sets.isEmpty() ? List.of() : List.of(sets.split(",", -1)));
            }
        };
    }

    @Override
    @SuppressWarnings("unchecked")
    public void process(Exchange exchange) throws Refused {
        Message message = exchange.getMessage();
        Map<String, @Nullable Object> found = message.getBody(Map.class);
        if (found == null || isWishOfAnother(found, Caller.of(exchange))) {
            throw Refused.unknown("Nothing of this id is stored or dead. If it was just sent, ask again in a moment.");
        }
        Map<String, @Nullable Object> row = new LinkedHashMap<>(found);
        Object revision = row.remove("revision");
        Object deletedAt = row.remove("deleted_at");
        if (isDead(row)) {
            row.remove("user_id");
        }
        if (row.remove("purged_at") != null) {
            throw Refused.gone("Nothing is left of this gift.");
        }
        if (deletedAt instanceof Timestamp deleted) {
            row = new LinkedHashMap<>();
            row.put("status", "deleted");
            row.put(EVENT_ID, Objects.requireNonNull(found.get(EVENT_ID)));
            row.put("deleted_at", deleted);
            row.put("restorable_until", deleted.toInstant().plus(changes.deletedKept()));
        }
        if (revision != null) {
            message.setHeader("ETag", "\"" + revision + "\"");
        }
        message.setBody(row);
    }

    private static boolean isDead(Map<String, @Nullable Object> row) {
        return "dead".equals(row.get("status"));
    }

    /** Whether it is the dead wish of somebody else to be forgotten, under an id that everybody can compute. */
    private static boolean isWishOfAnother(Map<String, @Nullable Object> row, @Nullable Caller caller) {
        return isDead(row)
                && row.get("user_id") instanceof UUID reader
                && EventId.ofErasure(reader).equals(row.getOrDefault("change_id", row.get(EVENT_ID)))
                && (caller == null || !caller.reader().equals(reader));
    }
}
