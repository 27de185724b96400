package org.gibsey.spine.http;

import java.sql.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.apache.camel.Route;
import org.apache.camel.model.ProcessDefinition;
import org.apache.camel.model.RouteDefinition;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.gift.CloudEvent;
import org.gibsey.spine.gift.EventId;
import org.gibsey.spine.gift.Gift;
import org.gibsey.spine.gift.GiftChange;
import org.gibsey.spine.gift.GiftChange.Edit;
import org.gibsey.spine.gift.GiftChange.Kind;
import org.gibsey.spine.gift.GiftChangeJson;
import org.gibsey.spine.gift.GiftReader;
import org.gibsey.spine.gift.InvalidInput;
import org.gibsey.spine.gift.MalformedJson;
import org.gibsey.spine.gift.ReaderErasure;
import org.gibsey.spine.identity.Caller;
import org.gibsey.spine.identity.VaultReads;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.context.annotation.Bean;
import org.springframework.http.ETag;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/**
 * Turns a request that changes a gift, and the row of that gift, into the event the topic of changes carries: {@code DELETE}
 * deletes, {@code POST} restores, anything else edits. Body and headers are replaced as {@link AcceptGift} does. The row is what
 * the SQL of the route found, a map or null; a column that is missing there fails the call, and lets nobody through. But for
 * {@code lang}, which the SQL of a route file may lack that is older than that column: an edit leaves it as it is then, unless it
 * names it.
 *
 * <p>Leaves the change's id in the exchange property {@value AcceptGift#EVENT_ID}. Throws {@link MalformedJson}, {@link
 * InvalidInput} or {@link Refused} for what cannot be done. A change that is stored already, sent again
 * with its idempotency key, is answered here, whatever has become of the gift since, and goes no further. Thread-safe.
 */
@Component(AcceptChange.NAME)
public final class AcceptChange implements Processor {

    /** Name of this bean in route files. A route with a step that uses it takes changes, and is known by nothing else. */
    static final String NAME = "acceptChange";

    /** The same for the wish to be forgotten. */
    private static final String ERASURE = "acceptErasure";

    /** {@code ce_source} of its events, whatever the path of the route. */
    private static final String SOURCE = "/vault/gifts";

    private static final UUID NOBODY = new UUID(0, 0);

    private final SpineSettings.Auth auth;
    private final Duration deletedKept;
    private final GiftReader reader;
    private final JdbcClient vault;
    private final Clock clock;
    private final Supplier<UUID> newIds;

    AcceptChange(SpineSettings settings, @Qualifier(VaultReads.NAME) DataSource vault, Clock clock, Clock steadyClock) {
        this.auth = settings.auth();
        this.deletedKept = settings.changes().deletedKept();
        this.reader = GiftReader.ofRequests(
                settings.limits().questionChars(), settings.limits().answerChars());
        this.vault = JdbcClient.create(vault);
        this.clock = clock;
        this.newIds = EventId.inOrder(steadyClock);
    }

    /**
     * Turns the wish of a reader to be forgotten into an event of the same topic. The reader is the one of the token, whatever the
     * request says.
     */
    @Bean(ERASURE)
    static Processor acceptErasure(Clock clock) {
        return exchange -> {
            Caller caller = Caller.of(exchange);
            if (caller == null) {
                throw new Refused(Problem.nobodyKnown());
            }
            ReaderErasure erasure =
                    ReaderErasure.of(caller.reader(), clock.instant().truncatedTo(ChronoUnit.MICROS));
            String reader = erasure.reader().toString();
            AcceptGift.become(exchange, reader, erasure.id(), "/delete-account", ReaderErasure.TYPE, erasure.at());
            Message message = exchange.getMessage();
            message.setHeader(CloudEvent.SUBJECT, reader);
            message.setBody(erasure.eventValue());
        };
    }

    /** The steps of a route that accept a change or an erasure; none in a route that takes none. */
    public static List<ProcessDefinition> stepsOf(RouteDefinition route) {
        return Stream.of(NAME, ERASURE)
                .flatMap(bean -> AcceptGift.stepsOf(route, bean).stream())
                .toList();
    }

    static boolean isUsedIn(Route route) {
        return route.getRoute() instanceof RouteDefinition definition
                && !stepsOf(definition).isEmpty();
    }

    @Override
    @SuppressWarnings("unchecked")
    public void process(Exchange exchange) throws Exception {
        Message message = exchange.getMessage();
        Map<String, @Nullable Object> row = message.getBody(Map.class);
        Caller caller = Caller.of(exchange);
        boolean isForeign = row != null && caller != null && !caller.reader().equals(row.get("user_id"));
        if (row == null || (isForeign && auth.isOwn()) || isWish(row)) {
            throw Refused.unknown("No gift of this id is stored. If it was just saved, ask again in a moment.");
        }
        if (isForeign) {
            throw new Refused(Problem.foreign());
        }
        if ("dead".equals(column(row, "status"))) {
            throw new Refused(Problem.dead());
        }
        UUID gift = value(row, "event_id", UUID.class);
        Kind kind = kind(message);
        Gift before = gift(row);
        Edit edit = kind == Kind.EDITED
                ? reader.readEdit(exchange.getProperty(ChangeQuery.BODY, byte[].class), before)
                : new Edit(Set.of(), before);
        UUID by = caller == null ? null : caller.reader();
        String key = IdempotencyKey.parse(message.getHeader(PublicHeaders.IDEMPOTENCY_KEY, String.class));
        UUID id = key == null ? newIds.get() : EventId.ofIdempotencyKey(key, kind, gift, by, edit);
        if (key != null && isStored(id)) {
            answer(exchange, id);
            return;
        }
        List<ETag> ifMatch = ETag.parse(message.getHeader(PublicHeaders.IF_MATCH, "*", String.class));
        check(row, kind, ifMatch);

        UUID base = ifMatch.stream().anyMatch(ETag::isWildcard) ? null : value(row, "revision", UUID.class);
        Instant at = time(row);
        GiftChange change = new GiftChange(id, kind, gift, edit.image(), edit.sets(), base, by, at);
        AcceptGift.become(exchange, gift.toString(), id, SOURCE, kind.type(), at);
        message.setHeader(CloudEvent.SUBJECT, gift.toString());
        message.setBody(GiftChangeJson.eventValue(change));
    }

    /** Whether it is the dead event of a reader who asked to be forgotten, which is no gift, and nobody else's business. */
    private static boolean isWish(Map<String, @Nullable Object> row) {
        return row.get("user_id") instanceof UUID reader
                && EventId.ofErasure(reader).equals(row.get("event_id"));
    }

    private static Kind kind(Message message) {
        return switch (message.getHeader(Exchange.HTTP_METHOD, "", String.class)) {
            case "DELETE" -> Kind.DELETED;
            case "POST" -> Kind.RESTORED;
            default -> Kind.EDITED;
        };
    }

    private static Gift gift(Map<String, @Nullable Object> row) {
        UUID owner = value(row, "user_id", UUID.class);
        return new Gift(
                value(row, "page_id", Long.class),
                value(row, "question", String.class),
                value(row, "answer", String.class),
                (Integer) column(row, "symbol_id"),
                (String) row.get("lang"),
                NOBODY.equals(owner) ? null : owner,
                value(row, "created_at", Timestamp.class).toInstant());
    }

    private void check(Map<String, @Nullable Object> row, Kind kind, List<ETag> ifMatch) throws Refused {
        if (column(row, "purged_at") != null) {
            throw Refused.gone("Nothing is left of this gift.");
        }
        Timestamp deleted = (Timestamp) column(row, "deleted_at");
        if (deleted != null && kind != Kind.RESTORED) {
            throw Refused.gone("The gift is deleted. Restore it first.");
        }
        if (deleted == null && kind == Kind.RESTORED) {
            throw new Refused(Problem.present());
        }
        if (deleted != null && deleted.toInstant().plus(deletedKept).isBefore(clock.instant())) {
            throw Refused.gone("The gift was deleted too long ago to be restored.");
        }
        ETag revision = new ETag(String.valueOf(column(row, "revision")), false);
        if (ifMatch.stream().noneMatch(tag -> tag.isWildcard() || tag.compare(revision, true))) {
            throw new Refused(Problem.revision());
        }
    }

    /** Later than every change that the caller may have seen, whatever the clocks of the machines say. */
    private Instant time(Map<String, @Nullable Object> row) {
        Instant at = clock.instant().truncatedTo(ChronoUnit.MICROS);
        for (String seen : List.of("changed_at", "presence_at")) {
            if (column(row, seen) instanceof Timestamp time && !time.toInstant().isBefore(at)) {
                at = time.toInstant().plus(1, ChronoUnit.MICROS);
            }
        }
        return at;
    }

    private static @Nullable Object column(Map<String, @Nullable Object> row, String name) {
        if (!row.containsKey(name)) {
            throw new IllegalStateException("the SQL of the route gives no " + name);
        }
        return row.get(name);
    }

    private static <T> T value(Map<String, @Nullable Object> row, String name, Class<T> type) {
        return type.cast(Objects.requireNonNull(column(row, name), name));
    }

    private boolean isStored(UUID change) {
        return vault.sql("select exists (select from gift_change where change_id = ?)")
                .param(change)
                .query(Boolean.class)
                .single();
    }

    /** The answer that the route gives at its end. */
    private static void answer(Exchange exchange, UUID stored) {
        Message message = exchange.getMessage();
        message.removeHeaders("*");
        message.setHeader("Location", "/vault/changes/" + stored);
        message.setHeader(Exchange.HTTP_RESPONSE_CODE, 202);
        message.setHeader("Content-Type", "application/json");
        message.setBody("{\"queued\":true}");
        exchange.setRouteStop(true);
    }
}
