package org.gibsey.spine.liveroutes;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Edits that would work, and take away what keeps gifts safe. */
class SafetyRulesTest {

    private static final String TO_VAULT = "              - to:\n                  id: to-vault\n";
    private static final String SEND = "        - to:\n            id: to-gift-events\n";

    @Test
    void refusesSqlBuiltFromTheMessage() {
        assertThat(DryRun.edit(
                        "list-gifts", "constant:\n                # the ids", "simple:\n                # the ids"))
                .singleElement()
                .asString()
                .contains("SQL must not be built from message content");
    }

    @Test
    void refusesSqlOfAStepBetween() {
        assertThat(DryRun.edit(
                        "persist-gifts",
                        TO_VAULT,
                        "              - process:\n                  ref: decodeGifts\n" + TO_VAULT))
                .singleElement()
                .asString()
                .contains("SQL must not be built from message content");
    }

    @Test
    void refusesAnInsertThatARedeliveryWouldFail() {
        assertThat(DryRun.edit("persist-gifts", "on conflict (event_id) do nothing", ""))
                .singleElement()
                .asString()
                .contains("the insert needs an 'on conflict' clause");
    }

    @ParameterizedTest
    @CsvSource({
        "batching: true, batching: false, batching must be true",
        "autoCommitEnable: false, autoCommitEnable: true, autoCommitEnable must be false",
        "allowManualCommit: true, allowManualCommit: false, allowManualCommit must be true",
        "breakOnFirstError: true, breakOnFirstError: false, breakOnFirstError must be true",
        "pollOnError: RECONNECT, pollOnError: DISCARD, pollOnError must be RECONNECT",
        "pollOnError: RECONNECT, clientId: me, pollOnError must be RECONNECT",
        "autoOffsetReset: earliest, autoOffsetReset: latest, autoOffsetReset must be earliest",
        "groupId: \"{{spine.topic.group}}\", clientId: me, groupId must be set",
        "maxPollRecords: 2000, seekTo: end, seekTo must be absent",
        "valueDeserializer: org.apache.kafka.common.serialization.ByteArrayDeserializer, clientId: me, valueDeserializer must be",
        "maxPollRecords: 2000, additionalProperties.enable.auto.commit: true, enable.auto.commit must be absent",
        "maxPollRecords: 2000, additionalProperties.auto.offset.reset: latest, auto.offset.reset must be absent",
        "streaming: true, aggregationStrategy: lenient, the split must have no aggregationStrategy",
        "streaming: true, streaming: false, the split must be streaming: true",
        "streaming: true, parallelProcessing: true, the split must not be parallel",
        "${body}, ${body.iterator}, the split must take the batch as it is",
    })
    void refusesAConsumerThatLosesGifts(String that, String by, String reason) {
        assertThat(DryRun.edit("persist-gifts", that, by))
                .anySatisfy(problem -> assertThat(problem).contains(reason));
    }

    @Test
    void refusesABatchThatIsNotStored() {
        assertThat(DryRun.edit("persist-gifts", TO_VAULT, TO_VAULT + "                  disabled: true\n"))
                .anySatisfy(
                        problem -> assertThat(problem).contains("a 'to' step to jdbc: must stand right in the split"));
    }

    @Test
    void refusesABatchThatIsNotSplit() {
        String route = """
                - route:
                    id: x
                    from:
                      uri: kafka:gift_events
                      parameters:
                        groupId: x
                        autoOffsetReset: earliest
                        keyDeserializer: org.apache.kafka.common.serialization.ByteArrayDeserializer
                        valueDeserializer: org.apache.kafka.common.serialization.ByteArrayDeserializer
                        batching: true
                        maxPollRecords: 2000
                        autoCommitEnable: false
                        allowManualCommit: true
                        breakOnFirstError: true
                        pollOnError: RECONNECT
                      steps:
                        - log:
                            message: nothing
                """;

        assertThat(DryRun.problems("x", route))
                .containsExactly(
                        "uri: kafka:gift_events | every batch must pass one split, which parts it into statements; here are 0");
    }

    @Test
    void refusesToStopABatch() {
        assertThat(DryRun.edit("persist-gifts", TO_VAULT, "              - stop: {}\n" + TO_VAULT))
                .anySatisfy(problem -> assertThat(problem).contains("what it stops counts as stored"));
    }

    @ParameterizedTest
    @CsvSource({
        "requestRequiredAcks: all, requestRequiredAcks: 1, requestRequiredAcks must be all",
        "requestRequiredAcks: all, requestRequiredAcks: 0, requestRequiredAcks must be all",
        "enableIdempotence: true, enableIdempotence: false, enableIdempotence must be true",
        "lingerMs: 0, additionalProperties.acks: 1, additionalProperties.acks must be absent",
    })
    void refusesAProducerThatLosesGifts(String that, String by, String reason) {
        assertThat(DryRun.edit("save-gift", that, by))
                .singleElement()
                .asString()
                .contains(reason);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "        - wireTap:\n            id: to-gift-events\n",
                "        - toD:\n            id: to-gift-events\n",
                SEND + "            disabled: true\n"
            })
    void refusesToAnswer202WithoutAGiftOnKafka(String instead) {
        assertThat(DryRun.edit("save-gift", SEND, instead))
                .anySatisfy(problem -> assertThat(problem)
                        .startsWith("- process: | the gift accepted here must be sent to kafka:gift_events"));
    }

    @Test
    void refusesAnotherTopicForTheGifts() {
        assertThat(DryRun.edit("save-gift", "kafka:{{spine.topic.name}}", "kafka:other"))
                .anySatisfy(problem -> assertThat(problem).contains("must be sent to kafka:gift_events"));
    }

    @Test
    void refusesToStopBeforeTheGiftIsSafe() {
        assertThat(DryRun.edit("save-gift", SEND, "        - stop: {}\n" + SEND))
                .anySatisfy(problem -> assertThat(problem).contains("it answers before they are safe"));
    }

    @ParameterizedTest
    @CsvSource({
        "routeConfigurationId: mine, routeConfigurationId is not allowed",
        "errorHandler: {noErrorHandler: {}}, errorHandler is not allowed",
        "autoStartup: false, autoStartup is not allowed",
        "routePolicy: batchPolicy, routePolicy is not allowed",
    })
    void refusesToOptOutOfTheErrorHandling(String option, String reason) {
        assertThat(DryRun.edit("save-gift", "    id: save-gift\n", "    id: save-gift\n    " + option + "\n"))
                .singleElement()
                .asString()
                .startsWith(option + " | " + reason);
    }

    @Test
    void refusesToCatchErrors() {
        String step = """
                        - doTry:
                            steps:
                              - log:
                                  message: tried
                            doCatch:
                              - exception:
                                  - java.lang.Exception
                                steps:
                                  - log:
                                      message: caught
                """;

        assertThat(DryRun.edit("list-gifts", "        - setBody:\n", step + "        - setBody:\n"))
                .anySatisfy(problem -> assertThat(problem).contains("doTry hides errors"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "        - log:\n            message: ${body}\n",
                "        - log:\n            message: saved ${bodyAs(String)}\n",
                "        - log:\n            message: saved ${headers}\n",
                "        - to:\n            uri: log:saved\n",
            })
    void refusesToLogWhatReadersWrite(String step) {
        assertThat(DryRun.edit("save-gift", SEND, step + SEND))
                .singleElement()
                .asString()
                .contains("message bodies");
    }

    @Test
    void letsAHeaderBeLogged() {
        assertThat(DryRun.edit(
                        "save-gift", SEND, "        - log:\n            message: saved ${header.ce_id}\n" + SEND))
                .isEmpty();
    }

    @Test
    void refusesToTraceBodies() {
        assertThat(DryRun.edit("save-gift", "    id: save-gift\n", "    id: save-gift\n    trace: true\n"))
                .containsExactly("trace: true | trace logs message bodies");
    }

    @Test
    void refusesAMethodThatDoesNotExist() {
        assertThat(DryRun.edit("save-gift", "httpMethodRestrict: POST", "httpMethodRestrict: PSOT"))
                .containsExactly(
                        "httpMethodRestrict: PSOT | 'PSOT' is no HTTP method, so the path would answer nobody");
    }

    @Test
    void letsAnOperatorFillAnotherColumnAddATopicAndSlowTheConsumerDown() {
        String anotherTopic = """
                        - to:
                            id: to-archive
                            uri: kafka:gift_archive
                            parameters:
                              requestRequiredAcks: all
                              valueSerializer: org.apache.kafka.common.serialization.ByteArraySerializer
                """;

        assertThat(DryRun.edit("persist-gifts", "symbol_id, created_at)\n", "symbol_id, created_at, stored_at)\n"))
                .isEmpty();
        assertThat(DryRun.edit(
                        "save-gift",
                        "        - setHeaders:\n            id: set-answer-headers",
                        anotherTopic + "        - setHeaders:\n            id: set-answer-headers"))
                .isEmpty();
        assertThat(DryRun.edit("persist-gifts", "maxPollRecords: 2000", "maxPollRecords: 100"))
                .isEmpty();
        assertThat(
                        DryRun.edit(
                                "persist-gifts",
                                "        - split:",
                                "        - delay:\n            expression:\n              constant:\n                expression: 100\n        - split:"))
                .isEmpty();
    }
}
