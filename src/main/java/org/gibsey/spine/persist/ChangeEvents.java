package org.gibsey.spine.persist;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.camel.Exchange;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.gift.Gift;
import org.gibsey.spine.gift.GiftChange;
import org.gibsey.spine.gift.GiftChange.Field;
import org.gibsey.spine.gift.GiftChangeJson;
import org.gibsey.spine.gift.InvalidInput;
import org.gibsey.spine.gift.MalformedJson;
import org.gibsey.spine.gift.ReaderErasure;
import org.gibsey.spine.persist.ChangeEvents.Row;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * The data format of the changes' topic: the parameter {@value #PARAMETER}, a JSON array of objects named like the columns of
 * {@code gift_change} and {@code vault}. A gift has one change in a statement, because PostgreSQL writes no row twice in one; its
 * further ones come in the statements after that, in their order. Thread-safe.
 */
@Component("changeEvents")
final class ChangeEvents extends EventFormat<Row> {

    static final String PARAMETER = "changes";

    private final PersistMetrics metrics;
    private final ObjectMapper json;

    ChangeEvents(PersistMetrics metrics, SpineSettings settings, ObjectMapper json) {
        super(settings);
        this.metrics = metrics;
        this.json = json;
    }

    /** Of {@code gift_change}, and of {@code vault} should the row be missing. */
    @JsonNaming(SnakeCaseStrategy.class)
    record Row(
            UUID changeId,
            String kind,
            UUID gift,
            @Nullable UUID byUser,
            Instant at,
            List<String> sets,
            String question,
            String answer,
            @Nullable Integer symbolId,
            @Nullable String lang,
            @Nullable UUID base,
            @Nullable UUID userId,
            long pageId,
            Instant createdAt) {

        /** An erasure has the reader in place of the gift, and no texts. */
        static Row of(ReaderErasure erasure) {
            return new Row(
                    erasure.id(),
                    "erased",
                    erasure.reader(),
                    null,
                    erasure.at(),
                    List.of(),
                    "",
                    "",
                    null,
                    null,
                    null,
                    null,
                    0,
                    erasure.at());
        }

        static Row of(GiftChange change) {
            Gift image = change.image();
            return new Row(
                    change.id(),
                    change.kind().word(),
                    change.gift(),
                    change.by(),
                    change.at(),
                    change.sets().stream().map(Field::word).toList(),
                    image.question(),
                    image.answer(),
                    image.symbolId(),
                    image.lang(),
                    change.base(),
                    image.userId(),
                    image.pageId(),
                    image.savedAt());
        }
    }

    /** Erasures, or else the first change of each gift; the others go back into the batch. */
    @Override
    List<ConsumerRecord<byte[], byte[]>> slice(Exchange exchange, List<ConsumerRecord<byte[], byte[]>> inHand) {
        List<List<ConsumerRecord<byte[], byte[]>>> waves = new ArrayList<>();
        // before changes of the same reader, whose statement has to see them
        List<ConsumerRecord<byte[], byte[]>> erasures =
                inHand.stream().filter(ReaderErasure::isOne).toList();
        Map<UUID, Integer> changes = new HashMap<>();
        for (ConsumerRecord<byte[], byte[]> record : inHand) {
            if (ReaderErasure.isOne(record)) {
                continue;
            }
            // one that names no gift is dead-lettered by the first wave
            int wave = GiftChangeJson.giftOf(record)
                    .map(gift -> changes.merge(gift, 1, Integer::sum) - 1)
                    .orElse(0);
            if (wave == waves.size()) {
                waves.add(new ArrayList<>());
            }
            waves.get(wave).add(record);
        }
        if (!erasures.isEmpty()) {
            waves.add(0, erasures);
        }
        return GiftBatch.in(exchange).orElseThrow().inTurn(waves);
    }

    @Override
    Row read(ConsumerRecord<byte[], byte[]> record) throws MalformedJson, InvalidInput {
        return ReaderErasure.isOne(record) ? Row.of(ReaderErasure.read(record)) : Row.of(GiftChangeJson.read(record));
    }

    @Override
    Map<String, Object> parameters(Exchange exchange, List<ConsumerRecord<byte[], byte[]>> slice, List<Row> changes)
            throws JsonProcessingException {
        exchange.getExchangeExtension().addOnCompletion(metrics.changed(changes.size()));
        return Map.of(PARAMETER, json(changes));
    }

    String json(List<Row> changes) throws JsonProcessingException {
        return json.writeValueAsString(changes);
    }
}
