package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.apicurio.datamodels.Library;
import io.apicurio.datamodels.validation.IValidationSeverityRegistry;
import io.apicurio.datamodels.validation.ValidationProblemSeverity;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** openapi.yaml breaks none of the rules of Apicurio Data Models: what OpenAPI demands, and what a reader of it looks for. */
class OpenApiLintTest {

    /** Those of style as well, which the library leaves out unless it is asked. */
    private static final IValidationSeverityRegistry EVERY_RULE = rule -> ValidationProblemSeverity.high;

    private final Contract contract = new Contract();

    @Test
    void breaksNoRule() {
        assertThat(problems(contract.document())).isEmpty();
    }

    /** A lint that finds nothing in anything would be content, too. */
    @ParameterizedTest
    @MethodSource
    void findsAFault(String rule, Consumer<ObjectNode> fault) {
        ObjectNode document = contract.document();
        fault.accept(document);

        assertThat(problems(document)).anyMatch(problem -> problem.startsWith(rule + " "));
    }

    static List<Arguments> findsAFault() {
        String save = "/paths/~1vault~1save/post";
        return List.of(
                // a comma that cut a description in two
                fault(
                        "UNKNOWN-001",
                        document -> at(document, "/components/schemas/Gift/properties/created_at")
                                .putNull("or not.")),
                fault("OP-003", document -> at(document, save).put("operationId", "listGifts")),
                fault("OP-015", document -> at(document, save).remove("description")),
                fault(
                        "RES-001",
                        document -> at(document, save + "/responses/202").remove("description")),
                fault(
                        "OP-011",
                        document -> at(document, "/paths/~1vault~1gifts~1{event_id}/get")
                                .remove("parameters")),
                fault(
                        "RES-002",
                        document ->
                                at(document, save + "/responses/400").put("$ref", "#/components/responses/Nowhere")),
                fault(
                        "SREQ-001",
                        document -> at(document, save)
                                .putArray("security")
                                .addObject()
                                .putArray("writer")));
    }

    private static Arguments fault(String rule, Consumer<ObjectNode> fault) {
        return arguments(rule, fault);
    }

    private static ObjectNode at(ObjectNode document, String pointer) {
        return (ObjectNode) document.at(pointer);
    }

    private static List<String> problems(ObjectNode document) {
        // it takes apart what it reads
        return Library.validate(Library.readDocument(document.deepCopy()), EVERY_RULE).stream()
                .map(problem -> "%s %s: %s".formatted(problem.errorCode, problem.nodePath, problem.message))
                .toList();
    }
}
