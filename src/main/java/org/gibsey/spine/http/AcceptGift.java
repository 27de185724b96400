package org.gibsey.spine.http;

import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.apache.camel.Route;
import org.apache.camel.component.kafka.KafkaConstants;
import org.apache.camel.model.ProcessDefinition;
import org.apache.camel.model.ProcessorDefinitionHelper;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.util.CaseInsensitiveMap;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.gift.CloudEvent;
import org.gibsey.spine.gift.EventId;
import org.gibsey.spine.gift.Gift;
import org.gibsey.spine.gift.GiftReader;
import org.gibsey.spine.gift.GiftWriter;
import org.gibsey.spine.gift.InvalidInput;
import org.gibsey.spine.gift.InvalidInput.FieldError;
import org.gibsey.spine.gift.MalformedJson;
import org.gibsey.spine.gift.TraceParent;
import org.gibsey.spine.identity.Caller;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Turns a save request into the event the topic carries: body becomes the event value, every header of the request is
 * replaced by those of the event contract. Whatever the route sends afterwards can only hold what is set here.
 *
 * <p>Leaves the event's id in the exchange property {@value #EVENT_ID}. Throws {@link MalformedJson}, {@link InvalidInput}
 * or {@link Refused} for what the caller has to mend. Thread-safe.
 */
@Component(AcceptGift.NAME)
public final class AcceptGift implements Processor {

    /** Name of this bean in route files. A route with a step that uses it takes saves, and is known by nothing else. */
    static final String NAME = "acceptGift";

    static final String EVENT_ID = "eventId";

    /** {@code ce_source} of its events, whatever the path of the route. */
    private static final String SOURCE = "/vault/save";

    private final GiftReader reader;
    private final Clock clock;
    private final Supplier<UUID> newIds;

    AcceptGift(SpineSettings settings, Clock clock, Clock steadyClock) {
        SpineSettings.Limits limits = settings.limits();
        this.reader = GiftReader.ofRequests(limits.questionChars(), limits.answerChars());
        this.clock = clock;
        this.newIds = EventId.inOrder(steadyClock);
    }

    /** The steps of a route that accept a gift; none in a route that takes no saves. */
    public static List<ProcessDefinition> stepsOf(RouteDefinition route) {
        return stepsOf(route, NAME);
    }

    /** The steps of a route that use a bean. */
    static List<ProcessDefinition> stepsOf(RouteDefinition route, String bean) {
        return ProcessorDefinitionHelper.filterTypeInOutputs(route.getOutputs(), ProcessDefinition.class).stream()
                .filter(step -> bean.equals(step.getRef()))
                .toList();
    }

    static boolean isUsedIn(Route route) {
        return route.getRoute() instanceof RouteDefinition definition
                && !stepsOf(definition).isEmpty();
    }

    @Override
    public void process(Exchange exchange) throws Exception {
        Message message = exchange.getMessage();
        Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
        byte[] body = message.getBody(byte[].class);
        Gift gift = ofCaller(reader.read(body == null ? new byte[0] : body, now), Caller.of(exchange));
        UUID id = id(message, gift);
        become(exchange, Long.toString(gift.pageId()), id, SOURCE, CloudEvent.GIFT_SAVED, now);
        message.setBody(GiftWriter.eventValue(gift));
    }

    /** Replaces all headers of the message by those of an event. */
    static void become(Exchange exchange, String key, UUID id, String source, String type, Instant time) {
        Message message = exchange.getMessage();
        // any other map would be copied
        Map<String, Object> headers = new CaseInsensitiveMap();
        headers.put(KafkaConstants.KEY, key);
        headers.put(CloudEvent.SPEC_VERSION, "1.0");
        headers.put(CloudEvent.ID, id.toString());
        headers.put(CloudEvent.SOURCE, source);
        headers.put(CloudEvent.TYPE, type);
        headers.put(CloudEvent.TIME, time.toString());
        headers.put(CloudEvent.CONTENT_TYPE, "application/json");
        headers.put(CloudEvent.TRACE_PARENT, traceParent(message).toString());
        message.setHeaders(headers);
        exchange.setProperty(EVENT_ID, id);
    }

    /** Whose gift it is, is said by the token alone. */
    private static Gift ofCaller(Gift gift, @Nullable Caller caller) throws InvalidInput {
        if (caller == null) {
            return gift;
        }
        if (gift.userId() != null && !gift.userId().equals(caller.reader())) {
            throw new InvalidInput(List.of(new FieldError(
                    "/user_id", "must be the reader of the token, or left out: it is taken from there")));
        }
        return gift.withUserId(caller.reader());
    }

    private UUID id(Message message, Gift gift) throws Refused {
        String key = IdempotencyKey.parse(message.getHeader(PublicHeaders.IDEMPOTENCY_KEY, String.class));
        return key == null ? newIds.get() : EventId.ofIdempotencyKey(key, gift);
    }

    /** The caller's trace goes on; without one a new trace begins here, not recorded, so that the row can be traced back. */
    private static TraceParent traceParent(Message message) {
        return TraceParent.parse(message.getHeader(CloudEvent.TRACE_PARENT, String.class))
                .orElseGet(TraceParent::begin);
    }
}
