package org.gibsey.spine.gift;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class GiftWriterTest {

    private static final Instant SAVED = Instant.parse("2026-11-23T09:35:30.51Z");
    private static final UUID READER = UUID.fromString("aaaaaaaa-0000-4000-8000-00000000000a");

    @Test
    void writesWhatTheOldPublisherWrote() {
        assertThat(written(new Gift(1, "What is the spine?", "What holds.", null, null, null, SAVED)))
                .isEqualTo("{\"page_id\":1,\"question\":\"What is the spine?\",\"answer\":\"What holds.\","
                        + "\"ts\":1795426530.51}");
    }

    @Test
    void addsSymbolLanguageAndUserWhenTheyAreKnown() {
        assertThat(written(new Gift(1, "q", "a", 7, "de-AT", READER, SAVED)))
                .isEqualTo("{\"page_id\":1,\"question\":\"q\",\"answer\":\"a\",\"symbol_id\":7,\"lang\":\"de-AT\","
                        + "\"user_id\":\"aaaaaaaa-0000-4000-8000-00000000000a\",\"ts\":1795426530.51}");
    }

    @ParameterizedTest
    @CsvSource({
        "2026-11-23T07:35:30.51Z, 1795419330.51",
        "2026-11-23T07:35:30Z, 1795419330",
        "2026-11-23T07:35:30.000001Z, 1795419330.000001",
        "1970-01-01T00:00:00Z, 0",
        "1969-12-31T23:59:59.5Z, -0.5"
    })
    void writesTheTimeInSecondsAsAPlainNumber(Instant savedAt, String ts) {
        assertThat(written(new Gift(1, "q", "a", null, null, null, savedAt))).endsWith("\"ts\":" + ts + "}");
    }

    @ParameterizedTest
    @MethodSource("gifts")
    void isReadBackIdentical(Gift gift) throws Exception {
        assertThat(GiftReader.ofEvents().read(GiftWriter.eventValue(gift), Instant.EPOCH))
                .isEqualTo(gift);
    }

    static Stream<Gift> gifts() {
        return Stream.of(
                new Gift(Long.MAX_VALUE, "q", "a", Integer.MAX_VALUE, "zh-Hant", READER, SAVED),
                new Gift(Long.MIN_VALUE, "", "", Integer.MIN_VALUE, null, new UUID(0, 0), Instant.EPOCH),
                new Gift(
                        1,
                        "\"\\\b\f\n\r\t/\u0001\u001f\u007f\u2028</script>",
                        "床前明月光\n\uD83C\uDF81",
                        null,
                        null,
                        null,
                        SAVED),
                new Gift(1, "q", "a", null, null, null, Instant.parse("2105-12-31T23:59:59.999999Z")),
                new Gift(1, "q", "a", null, null, null, Instant.parse("2026-11-23T07:35:30.123457Z")),
                new Gift(1, "q", "a", null, null, null, Instant.parse("1969-12-31T23:59:59.999999Z")));
    }

    private static String written(Gift gift) {
        return new String(GiftWriter.eventValue(gift), StandardCharsets.UTF_8);
    }
}
