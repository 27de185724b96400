package org.gibsey.spine.gift;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Writes a gift as the event value every publisher of the topic has used: one plain JSON object. Thread-safe. */
public final class GiftWriter {

    private static final JsonFactory JSON = new JsonFactoryBuilder()
            // the default keeps buffers per thread: a virtual thread serves one request and would use its own once
            .recyclerPool(JsonRecyclerPools.sharedBoundedPool())
            .build();

    /** Writes what an event says beside the gift. */
    interface Further {
        void to(JsonGenerator json) throws IOException;
    }

    private GiftWriter() {}

    /** @return UTF-8 JSON; {@code ts} is seconds since the epoch, to the microsecond */
    public static byte[] eventValue(Gift gift) {
        return eventValue(gift, json -> {}, gift.savedAt());
    }

    static byte[] eventValue(Gift gift, Further further, Instant ts) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(
                128 + gift.question().length() + gift.answer().length());
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            json.writeStartObject();
            json.writeNumberField("page_id", gift.pageId());
            json.writeStringField("question", gift.question());
            json.writeStringField("answer", gift.answer());
            if (gift.symbolId() != null) {
                json.writeNumberField("symbol_id", gift.symbolId());
            }
            if (gift.lang() != null) {
                json.writeStringField("lang", gift.lang());
            }
            if (gift.userId() != null) {
                json.writeStringField("user_id", gift.userId().toString());
            }
            further.to(json);
            json.writeFieldName("ts");
            json.writeNumber(seconds(ts).toPlainString());
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory does not fail", e);
        }
        return bytes.toByteArray();
    }

    static BigDecimal seconds(Instant instant) {
        long micros = ChronoUnit.MICROS.between(Instant.EPOCH, instant);
        return BigDecimal.valueOf(micros, 6).stripTrailingZeros();
    }
}
