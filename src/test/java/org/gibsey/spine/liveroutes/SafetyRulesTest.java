package org.gibsey.spine.liveroutes;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.apache.camel.CamelContext;
import org.apache.camel.Endpoint;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.model.RouteDefinition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Edits that would work, and take away what keeps gifts safe. */
class SafetyRulesTest {

    private static final String POLL = "maxPollRecords: 2000";
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
                        "              - process:\n                  ref: listAnswer\n" + TO_VAULT))
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

    /** What application.yaml says for every consumer; a file that says otherwise is refused at that line. */
    @ParameterizedTest
    @CsvSource({
        "batching: false, batching must be true",
        "autoCommitEnable: true, autoCommitEnable must be false",
        "allowManualCommit: false, allowManualCommit must be true",
        "breakOnFirstError: false, breakOnFirstError must be true",
        "pollOnError: DISCARD, pollOnError must be RECONNECT",
        "autoOffsetReset: latest, autoOffsetReset must be earliest",
        "keyDeserializer: org.apache.kafka.common.serialization.StringDeserializer, keyDeserializer must be",
        "valueDeserializer: org.apache.kafka.common.serialization.StringDeserializer, valueDeserializer must be",
        "seekTo: end, seekTo must be absent",
        "additionalProperties.enable.auto.commit: true, additionalProperties.enable.auto.commit must be absent",
        "additionalProperties.auto.offset.reset: latest, additionalProperties.auto.offset.reset must be absent",
    })
    void refusesAnOptionThatLosesGifts(String option, String reason) {
        assertThat(DryRun.edit("persist-gifts", POLL, POLL + "\n        " + option))
                .singleElement()
                .asString()
                .startsWith(option + " | " + reason);
    }

    @Test
    void refusesAConsumerWithoutAGroup() {
        assertThat(DryRun.edit("persist-gifts", "groupId: \"{{spine.topic.group}}\"", "clientId: me"))
                .containsExactly(
                        "uri: kafka:{{spine.topic.name}} | groupId must be set: without a name every start is a new group");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "batching: true",
                "autoCommitEnable: false",
                "valueDeserializer: org.apache.kafka.common.serialization.ByteArrayDeserializer"
            })
    void letsAFileSayAgainWhatEveryConsumerHas(String option) {
        assertThat(DryRun.edit("persist-gifts", POLL, POLL + "\n        " + option))
                .isEmpty();
    }

    /** With the defaults of Camel's own Kafka component, as when application.yaml lost its options. */
    @Test
    void checksWhatTheConsumerWouldUseAndNotWhatTheFileSays() {
        CamelContext camel = new DefaultCamelContext();
        RouteDefinition route = new RouteDefinition("kafka:gift_events");
        route.getInput().setLineNumber(3);
        RouteFile file = RouteFile.of("x.camel.yaml", new byte[0]);
        Endpoint endpoint = camel.getEndpoint("kafka:gift_events");

        assertThat(ConsumerRules.check(new RehearsedRoute(file, route, endpoint, List.of())))
                .allSatisfy(problem -> assertThat(problem.line()).isEqualTo(3))
                .extracting(problem -> problem.reason().split(" ", 2)[0])
                .startsWith(
                        "batching",
                        "autoCommitEnable",
                        "allowManualCommit",
                        "breakOnFirstError",
                        "pollOnError",
                        "autoOffsetReset",
                        "keyDeserializer",
                        "valueDeserializer",
                        "groupId",
                        "maxPollRecords");
    }

    @ParameterizedTest
    @CsvSource({
        "streaming: true, aggregationStrategy: lenient, the split must have no aggregationStrategy",
        "streaming: true, streaming: false, the split must be streaming: true",
        "streaming: true, parallelProcessing: true, the split must not be parallel",
        "'expression: \"${body}\"\n            streaming', 'expression: \"${body.iterator}\"\n            streaming', the split must take the batch as it is",
    })
    void refusesASplitThatLosesGifts(String that, String by, String reason) {
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
                        maxPollRecords: 2000
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
