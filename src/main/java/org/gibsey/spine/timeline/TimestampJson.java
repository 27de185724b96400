package org.gibsey.spine.timeline;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.SerializerProvider;
import java.io.IOException;
import java.sql.Timestamp;
import org.springframework.boot.jackson.JsonComponent;

/** Writes the database's times as ISO-8601 in UTC to the microsecond, which Jackson by itself cuts to milliseconds. */
@JsonComponent
final class TimestampJson extends JsonSerializer<Timestamp> {

    @Override
    public void serialize(Timestamp time, JsonGenerator json, SerializerProvider provider) throws IOException {
        json.writeString(time.toInstant().toString());
    }
}
