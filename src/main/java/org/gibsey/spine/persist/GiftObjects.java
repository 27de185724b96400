package org.gibsey.spine.persist;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.camel.Exchange;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.gift.EventId;
import org.gibsey.spine.gift.Gift;
import org.gibsey.spine.gift.GiftReader;
import org.gibsey.spine.gift.InvalidInput;
import org.gibsey.spine.gift.MalformedJson;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * The gifts' topic for another reader of it than the vault: {@code gifts}, a list of objects named like the fields of the list,
 * to be marshalled. Nothing of it counts as stored. Thread-safe.
 */
@Component("giftObjects")
final class GiftObjects extends EventFormat<Gift> {

    private final GiftReader reader = GiftReader.ofEvents();

    GiftObjects(SpineSettings settings) {
        super(settings);
    }

    /** One gift; the time as text, ISO 8601 in UTC. */
    @JsonNaming(SnakeCaseStrategy.class)
    record GiftObject(
            UUID eventId,
            @Nullable UUID userId,
            long pageId,
            String question,
            String answer,
            @Nullable Integer symbolId,
            @Nullable String lang,
            String createdAt) {}

    @Override
    Gift read(ConsumerRecord<byte[], byte[]> record) throws MalformedJson, InvalidInput {
        return reader.read(record.value(), Instant.ofEpochMilli(Math.max(0, record.timestamp())));
    }

    @Override
    Map<String, Object> parameters(Exchange exchange, List<ConsumerRecord<byte[], byte[]>> slice, List<Gift> gifts) {
        List<GiftObject> objects = new ArrayList<>(slice.size());
        for (int i = 0; i < slice.size(); i++) {
            Gift gift = gifts.get(i);
            objects.add(new GiftObject(
                    EventId.of(slice.get(i)),
                    gift.userId(),
                    gift.pageId(),
                    gift.question(),
                    gift.answer(),
                    gift.symbolId(),
                    gift.lang(),
                    gift.savedAt().toString()));
        }
        return Map.of("gifts", objects);
    }
}
