package org.gibsey.spine.liveroutes;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What cannot be built is found without building it for real, with the line to look at. */
class RehearsalTest {

    @ParameterizedTest
    @ValueSource(
            strings = {"save-gift", "edit-gift", "persist-gifts", "persist-changes", "list-gifts", "index-dead-letters"
            })
    void findsNothingInAShippedRoute(String routeId) {
        assertThat(DryRun.problems(routeId, RouteFolderFixture.shipped(routeId)))
                .isEmpty();
    }

    @Test
    void knowsWhatAFileClaims() {
        RehearsedFile file = DryRun.rehearse("save-gift.camel.yaml", RouteFolderFixture.shipped("save-gift"));

        assertThat(file.routeIds()).containsExactly("save-gift");
        assertThat(file.paths()).containsExactly("/vault/save");
        assertThat(file.claims())
                .containsEntry("id save-gift", 2)
                .containsKeys("id to-gift-events", "POST /vault/save");
    }

    /** Started beside each other, each request to one of them would be answered 500; and the gate would hold the other's. */
    @Test
    void aPathIsTheSameWhateverItsVariablesAreCalled() {
        String shipped = RouteFolderFixture.shipped("show-gift");
        RehearsedFile file = DryRun.rehearse("show-gift.camel.yaml", shipped);
        RehearsedFile renamed =
                DryRun.rehearse("show-gift.camel.yaml", shipped.replace("gifts/{event_id}", "gifts/{id}"));

        assertThat(file.claims()).containsKey("GET /vault/gifts/*");
        assertThat(renamed.claims()).containsKey("GET /vault/gifts/*");
        assertThat(renamed.paths()).isEqualTo(file.paths()).containsExactly("/vault/gifts/*");
    }

    @Test
    void refusesASyntaxError() {
        assertThat(DryRun.edit("save-gift", "      steps:", "      steps: ["))
                .containsExactly("- process: | expected the node content, but found '-'");
    }

    @Test
    void refusesAnUnknownStep() {
        assertThat(DryRun.edit("save-gift", "- process:", "- proccess:"))
                .containsExactly("- proccess: | there is no step 'proccess'");
    }

    @Test
    void refusesAnUnknownElement() {
        assertThat(DryRun.edit("save-gift", "      steps:", "      stepz:"))
                .containsExactly("- process: | 'stepz' has no place here");
    }

    @Test
    void refusesAnUnknownComponent() {
        assertThat(DryRun.edit("save-gift", "uri: kafka:", "uri: kafak:"))
                .containsExactly("uri: kafak:{{spine.topic.name}} | there is no component 'kafak'");
    }

    @Test
    void refusesAnUnknownOption() {
        assertThat(DryRun.edit("save-gift", "lingerMs", "lingerMz"))
                .containsExactly("lingerMz: 0 | there is no option 'lingerMz'");
    }

    @Test
    void refusesAnOptionOfTheWrongType() {
        assertThat(DryRun.edit("save-gift", "synchronous: true", "synchronous: maybe"))
                .containsExactly("synchronous: maybe | 'maybe' is no value for synchronous");
    }

    /** Camel itself takes it for 0. */
    @Test
    void refusesANumberThatIsNone() {
        assertThat(DryRun.edit("save-gift", "maxBlockMs: 700", "maxBlockMs: 7OO"))
                .containsExactly("maxBlockMs: 7OO | '7OO' is no number, which maxBlockMs must be");
    }

    @Test
    void takesADurationForANumber() {
        assertThat(DryRun.edit("save-gift", "maxBlockMs: 700", "maxBlockMs: 1s"))
                .isEmpty();
    }

    @Test
    void refusesAnUnknownSetting() {
        assertThat(DryRun.edit("save-gift", "{{spine.topic.name}}", "{{spine.topic.nome}}"))
                .containsExactly("uri: kafka:{{spine.topic.nome}} | there is no setting 'spine.topic.nome'");
    }

    @Test
    void refusesAnUnknownBean() {
        assertThat(DryRun.edit("save-gift", "acceptGift", "acceptGifd"))
                .singleElement()
                .asString()
                .startsWith("ref: acceptGifd | bean 'acceptGifd' is not one a route file may use: acceptChange, ")
                .contains(" acceptGift,");
    }

    @Test
    void refusesAnUnknownDataFormat() {
        assertThat(DryRun.edit("persist-gifts", "giftEvents", "giftEventz"))
                .singleElement()
                .asString()
                .startsWith("ref: giftEventz | bean 'giftEventz' is not one a route file may use: acceptChange, ")
                .contains(" giftEvents,");
    }

    @Test
    void refusesAnUnknownDatabase() {
        assertThat(DryRun.edit("persist-gifts", "jdbc:dataSource", "jdbc:dataSorce"))
                .containsExactly("uri: jdbc:dataSorce | there is no bean 'dataSorce'");
    }

    @Test
    void refusesAnExpressionThatDoesNotParse() {
        assertThat(DryRun.edit("show-gift", "${body} == null", "${header.x} =="))
                .singleElement()
                .asString()
                .startsWith("expression: \"${header.x} ==\" | ");
    }

    @Test
    void refusesAnUnknownFunction() {
        assertThat(DryRun.edit("save-gift", "${exchangeProperty.eventId}", "${nothing.eventId}"))
                .singleElement()
                .asString()
                .startsWith("expression: /vault/gifts/${nothing.eventId} | '${nothing.eventId}' is not one");
    }

    @Test
    void refusesAConsumerKafkaDoesNotTake() {
        assertThat(DryRun.edit(
                        "persist-gifts",
                        "maxPollRecords: 2000",
                        "maxPollRecords: 2000\n        heartbeatIntervalMs: 20000"))
                .containsExactly(
                        "uri: kafka:{{spine.topic.name}} | Kafka takes no consumer with these options: Heartbeat must"
                                + " be set lower than the session timeout");
    }

    @ParameterizedTest
    @ValueSource(strings = {"toD", "wireTap"})
    void refusesATargetThatIsComputed(String step) {
        assertThat(DryRun.edit(
                        "save-gift",
                        "        - setBody:",
                        "        - " + step + ":\n            uri: kafka:${header.topic}\n        - setBody:"))
                .singleElement()
                .asString()
                .startsWith("- " + step + ": | " + step + " computes its target from the message");
    }

    @Test
    void refusesAnAlias() {
        assertThat(DryRun.problems("x", "- route: &again\n    id: x\n- route: *again\n"))
                .containsExactly("- route: *again | a route file has no aliases: what it does stands where it does it");
    }

    @Test
    void refusesWhatIsNestedTooDeeplyForAnyStack() {
        assertThat(DryRun.problems("x", "- route: " + "[".repeat(100_000)))
                .singleElement()
                .asString()
                .endsWith("| nested too deeply");
    }

    @Test
    void refusesWhatStandsBesideARoute() {
        assertThat(DryRun.problems("x", "- route:\n    id: x\n  beans: []\n"))
                .containsExactly("- route: | 'beans' has no place in a route file: routes only, the rest is Java");
    }

    @Test
    void refusesAStepIdThatIsThereTwice() {
        assertThat(DryRun.edit("save-gift", "id: set-answer-headers", "id: set-answer"))
                .containsExactly("- setBody: | id set-answer appears twice in this file");
    }

    @Test
    void refusesAFileWhoseRouteHasAnotherName() {
        assertThat(DryRun.problems("safe-gift", RouteFolderFixture.shipped("save-gift")))
                .containsExactly("- route: | the file has no route with its name: id: safe-gift");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "# nothing\n"})
    void refusesAnEmptyFile(String text) {
        assertThat(DryRun.problems("x", text)).singleElement().asString().endsWith("| the file is empty");
    }

    @ParameterizedTest
    @ValueSource(strings = {"hello", "route:\n  id: x"})
    void refusesWhatIsNoListOfRoutes(String text) {
        assertThat(DryRun.problems("x", text))
                .singleElement()
                .asString()
                .endsWith("| a route file is a list of routes: it begins with '- route:'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"beans", "onException", "routeConfiguration", "errorHandler", "intercept", "rest", "from"})
    void refusesWhatReachesBeyondAFile(String element) {
        assertThat(DryRun.problems("x", "- " + element + ":\n    id: x\n"))
                .containsExactly("- " + element + ": | '" + element
                        + "' has no place in a route file: routes only, the rest is Java");
    }

    @Test
    void reportsEveryProblemOfAFileAtOnce() {
        String text = RouteFolderFixture.shipped("save-gift")
                .replace("lingerMs", "lingerMz")
                .replace("platform-http:", "platform-htpp:");

        assertThat(DryRun.problems("save-gift", text))
                .isEqualTo(List.of(
                        "uri: platform-htpp:/vault/save | there is no component 'platform-htpp'",
                        "lingerMz: 0 | there is no option 'lingerMz'"));
    }
}
