package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IdempotencyKeyTest {

    @Test
    void isNoneWithoutTheHeader() throws Refused {
        assertThat(IdempotencyKey.parse(null)).isNull();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "abc                                    | abc",
                "\"abc\"                                | abc",
                "8e03978e-40d5-43dd-bc93-6894a57f9324   | 8e03978e-40d5-43dd-bc93-6894a57f9324",
                "\"a b\"                                | 'a b'",
                "\"a \\\"b\\\" \\\\ c\"                 | 'a \"b\" \\ c'",
                "aGVsbG8+/w==                           | aGVsbG8+/w==",
            })
    void readsAStringOrAToken(String header, String key) throws Refused {
        assertThat(IdempotencyKey.parse(header)).isEqualTo(key);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\"\"",
                "a b",
                "\"a",
                "a\"",
                "\"a\\b\"",
                "\"a\" \"b\"",
                "\"a\", \"b\"",
                "a, b",
                "\"a\";q=1",
                "caf\u00e9",
                "\"caf\u00e9\"",
                "a\tb",
                "a\u007f"
            })
    void refusesWhatIsNeither(String header) {
        assertThatThrownBy(() -> IdempotencyKey.parse(header))
                .isInstanceOfSatisfying(
                        Refused.class,
                        refused -> assertThat(refused.problem().status()).isEqualTo(400));
    }

    @Test
    void takes255CharactersAndNoMore() throws Refused {
        assertThat(IdempotencyKey.parse("k".repeat(255))).hasSize(255);
        assertThat(IdempotencyKey.parse("\"" + "k".repeat(255) + "\"")).hasSize(255);
        assertThatThrownBy(() -> IdempotencyKey.parse("k".repeat(256))).isInstanceOf(Refused.class);
    }
}
