package org.gibsey.spine.liveroutes;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.camel.CamelContext;
import org.apache.camel.Endpoint;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.model.ProcessorDefinition;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.model.language.SimpleExpression;
import org.gibsey.spine.embedded.DocumentedEdits;
import org.gibsey.spine.liveroutes.RehearsedRoute.Target;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Edits that would work, and take away what keeps gifts safe. */
class SafetyRulesTest {

    private static final Properties OURS = new Properties();

    static {
        OURS.put("spine.topic.name", "gift_events");
        OURS.put("spine.topic.group", "vault-writer");
    }

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

    @ParameterizedTest
    @ValueSource(strings = {"", "-- on conflict (event_id) do nothing", "/* on conflict (event_id) do nothing */"})
    void refusesAnInsertThatARedeliveryWouldFail(String instead) {
        assertThat(DryRun.edit("persist-gifts", "on conflict (event_id) do nothing", instead))
                .singleElement()
                .asString()
                .contains("the insert needs an 'on conflict' clause");
    }

    @Test
    void refusesAGiftThatWouldReplaceAnother() {
        assertThat(DryRun.edit("persist-gifts", "do nothing", "do update set answer = excluded.answer"))
                .singleElement()
                .asString()
                .contains("a gift must not replace another");
        assertThat(DryRun.edit("persist-gifts", "do nothing", "do nothing returning event_id"))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "'limit least(:?rows, 500)', ''",
        "'limit least(:?rows, 500)', -- limit 500",
        "'limit least(:?rows, 500)', limit all",
        "'limit least(:?rows, 500)', limit :?rows",
    })
    void refusesSqlOfATimerWithoutALimit(String that, String by) {
        assertThat(DryRun.edit("purge-deleted", that, by))
                .singleElement()
                .asString()
                .contains("SQL of a timer needs a 'limit' with a number");
    }

    @Test
    void refusesATimerThatLeavesTheDatabaseNoRest() {
        assertThat(DryRun.edit("purge-deleted", "period: 10s", "period: 1"))
                .containsExactly(
                        "period: 1 | period must be 100 ms at least: what a timer does is work for the database");
        assertThat(DryRun.edit("purge-deleted", "period: 10s", "delay: -1"))
                .containsExactly("delay: -1 | delay must be 0 at least: with less Camel leaves out the period");
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
        "consumersCount: 3, consumersCount must be 1 to 2",
        "consumersCount: 0, consumersCount must be 1 to 2",
        "maxPollIntervalMs: 1000, maxPollIntervalMs must be 6000 at least",
        "additionalProperties.enable.auto.commit: true, additionalProperties.enable.auto.commit must be absent",
        "additionalProperties.auto.offset.reset: latest, additionalProperties.auto.offset.reset must be absent",
    })
    void refusesAnOptionThatLosesGifts(String option, String reason) {
        assertThat(DryRun.edit("persist-gifts", POLL, POLL + "\n        " + option))
                .singleElement()
                .asString()
                .startsWith(option + " | " + reason);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{{spine.topic.name}},others", "'{{spine.topic.name}} '"})
    void refusesWhatIsNotTheNameOfOneTopic(String topic) {
        String uri = topic.startsWith("'") ? "'kafka:" + topic.substring(1) : "kafka:" + topic;
        assertThat(DryRun.edit("persist-gifts", "kafka:{{spine.topic.name}}", uri))
                .containsExactly("uri: " + uri + " | uri must be of one topic:"
                        + " what is known of a topic is known by its name");
    }

    @Test
    void takesTwoConsumersInOneProcess() {
        assertThat(DryRun.edit("persist-gifts", POLL, POLL + "\n        consumersCount: 2"))
                .isEmpty();
    }

    @Test
    void refusesAConsumerWithoutAGroup() {
        assertThat(DryRun.edit("persist-gifts", "groupId: \"{{spine.topic.group}}\"", "clientId: me"))
                .containsExactly(
                        "uri: kafka:{{spine.topic.name}} | groupId must be set: without a name every start is a new group");
        assertThat(DryRun.edit("persist-gifts", "groupId: \"{{spine.topic.group}}\"", "groupId: \" \""))
                .containsExactly("groupId: \" \" | groupId must be set: without a name every start is a new group");
    }

    /** It would start, and the broker would never take it into the group. */
    @ParameterizedTest
    @ValueSource(ints = {5_000, 3_600_000})
    void refusesASessionThatNoBrokerTakes(int ms) {
        assertThat(DryRun.edit("persist-gifts", "sessionTimeoutMs: 10000", "sessionTimeoutMs: " + ms))
                .containsExactly("sessionTimeoutMs: " + ms + " | sessionTimeoutMs must be 6000 to 1800000:"
                        + " with another the broker takes nobody into the group");
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

    /** The operator's own component may take the gifts too, but not in place of the database. */
    @ParameterizedTest
    @CsvSource({"mirrors, gift_events, true", "vault-writer, gift_events, false", "mirrors, gift_changes, false"})
    void aSecondGroupMayStoreElsewhere(String group, String topic, boolean allowed) {
        CamelContext camel = new DefaultCamelContext();
        camel.getPropertiesComponent().setOverrideProperties(OURS);
        RouteDefinition route = new RouteDefinition("kafka:" + topic);
        route.split(new SimpleExpression("${body}")).streaming().to("log:added");
        ProcessorDefinition<?> to = route.getOutputs().get(0).getOutputs().get(0);
        RouteFile file = RouteFile.of("x.camel.yaml", new byte[0]);
        Endpoint input = camel.getEndpoint("kafka:" + topic + "?groupId=" + group);
        Target target = new Target(to, camel.getEndpoint("log:added"));

        assertThat(ConsumerRules.check(new RehearsedRoute(file, route, input, List.of(target))).stream()
                        .noneMatch(problem -> problem.reason().contains("must stand right in the split")))
                .isEqualTo(allowed);
    }

    @ParameterizedTest
    @CsvSource({
        "streaming: true, aggregationStrategy: lenient, the split must have no aggregationStrategy",
        "streaming: true, streaming: false, the split must be streaming: true",
        "streaming: true, parallelProcessing: true, the split must not be parallel",
        "'expression: \"${body}\"\n            streaming', 'expression: \"${header.ce_id}\"\n            streaming', the split must take the batch as it is",
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

    @Test
    void refusesToAnswer202WithoutAGiftOnKafka() {
        assertThat(DryRun.edit("save-gift", SEND, SEND + "            disabled: true\n"))
                .anySatisfy(problem -> assertThat(problem)
                        .startsWith("- process: | the gift accepted here must be sent to kafka:gift_events"));
    }

    @Test
    void refusesAnotherTopicForTheGifts() {
        assertThat(DryRun.edit("save-gift", "kafka:{{spine.topic.name}}", "kafka:other"))
                .anySatisfy(problem -> assertThat(problem).contains("must be sent to kafka:gift_events"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"edit-gift", "delete-gift", "restore-gift"})
    void refusesToAnswer202WithoutTheChangeOnKafka(String route) {
        String elsewhere = "must be sent to kafka:gift_changes by a 'to' step that every request passes;"
                + " else the answer is 202 and nobody has the change";

        // where it would be stored as a gift
        assertThat(DryRun.edit(route, "kafka:{{spine.changes.topic}}", "kafka:{{spine.topic.name}}"))
                .singleElement()
                .asString()
                .contains(elsewhere);
        assertThat(DryRun.edit(route, "requestRequiredAcks: all", "requestRequiredAcks: 1"))
                .singleElement()
                .asString()
                .contains("requestRequiredAcks must be all");
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

    @ParameterizedTest
    @ValueSource(strings = {"PSOT", "post"})
    void refusesAMethodThatDoesNotExist(String method) {
        assertThat(DryRun.edit("save-gift", "httpMethodRestrict: POST", "httpMethodRestrict: " + method))
                .containsExactly("httpMethodRestrict: " + method + " | '" + method
                        + "' is no HTTP method, so the path would answer nobody");
    }

    @ParameterizedTest
    @ValueSource(strings = {"vault/save", "/vault//save", "/vault/{page", "/vault/{a}/{a}", "/vault/{*all}/save"})
    void refusesAPathThatNoRequestHas(String path) {
        assertThat(DryRun.edit("save-gift", "platform-http:/vault/save", "\"platform-http:" + path + "\""))
                .singleElement()
                .asString()
                .startsWith("uri: \"platform-http:" + path + "\" | '" + path + "' is no path of requests: ");
    }

    /** Steps put before the one that sends the gift; each line is what the file says there, {@code /} a new line. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            log: "$simple{body}"                                     | '$simple{body}' is not one a log step may name
            log: "${headers}"                                        | '${headers}' is not one a log step may name
            log: "${bodyAs(String)}"                                 | '${bodyAs(String)}' is not one a log step may name
            log: "${exception.message}"                              | '${exception.message}' is not one a log step may name
            log: "${header.CamelJdbcParameters}"                     | '${header.CamelJdbcParameters}' is not one a log
            log: "${header.Idempotency-Key}"                         | '${header.Idempotency-Key}' is not one a log step
            log: "${header.ce_id.getClass()}"                        | '${header.ce_id.getClass()}' is not one a log step
            log: "${env:VAULT_DB_PASSWORD}"                          | '${env:VAULT_DB_PASSWORD}' is not one a log step
            log: "{{env:VAULT_DB_PASSWORD}}"                         | '{{env:VAULT_DB_PASSWORD}}' is no setting
            log: resource:file:/etc/passwd                           | 'resource:' reads a file
            log: {message: x, logLanguage: ognl}                     | 'logLanguage' is nothing a route file may have in 'log'
            log: {message: x, logger: "#bean:x"}                     | 'logger' is nothing a route file may have in 'log'
            setHeader: {name: ce_id, simple: "${body}"}              | 'ce_id' is no name a route file may set
            setProperty: {name: eventId, simple: "${body}"}          | 'eventId' is no name a route file may set
            setHeader: {name: x, simple: "${body}"}                  | '${body}' is not one a route file may evaluate here
            setHeader: {name: split, simple: "${body}"}              | '${body}' is not one a route file may evaluate here
            setHeader: {name: kafka.OVERRIDE_TOPIC, constant: x}     | 'kafka.OVERRIDE_TOPIC' is no name a route file may set
            setHeader: {name: CamelKafkaOverrideTopic, constant: x}  | 'CamelKafkaOverrideTopic' is no name
            setHeader: {name: camelHttpUri, constant: x}             | 'camelHttpUri' is no name
            setHeader: {name: "kafka.${header.x}", constant: x}      | 'kafka.${header.x}' is no name
            setHeaders: {headers: [{name: CamelX, constant: x}]}     | 'CamelX' is no name
            setProperty: {name: CamelExceptionHandled, constant: x}  | 'CamelExceptionHandled' is no name
            setBody: {simple: "${env:VAULT_DB_PASSWORD}"}            | '${env:VAULT_DB_PASSWORD}' is not one a route file
            setBody: {simple: "${sys.user.home}"}                    | '${sys.user.home}' is not one a route file
            setBody: {simple: "${sysenv:X}"}                         | '${sysenv:X}' is not one a route file
            setBody: {simple: "${properties:spring.datasource.password}"} | '${properties:spring.datasource.password}' is not
            setBody: {simple: "${bean:jdbcTemplate?method=x}"}       | '${bean:jdbcTemplate?method=x}' is not one a route file
            setBody: {simple: "${ref:dataSource}"}                   | '${ref:dataSource}' is not one a route file
            setBody: {simple: "${type:java.lang.System}"}            | '${type:java.lang.System}' is not one a route file
            setBody: {simple: "${body.getClass()}"}                  | '${body.getClass()}' is not one a route file
            setBody: {simple: "${camelContext.name}"}                | '${camelContext.name}' is not one a route file
            setBody: {simple: "${exchange.context}"}                 | '${exchange.context}' is not one a route file
            setBody: {simple: "${header.${body}}"}                   | '${header.${body}' is not one a route file
            setBody: {simple: "resource:file:/etc/passwd"}           | 'resource:' reads a file
            setBody: {constant: "resource:file:/etc/passwd"}         | 'resource:' reads a file
            setBody: {constant: "\\x01 resource:file:/etc/passwd"}    | 'resource:' reads a file
            setHeader: {name: a, name: CamelJdbcParameters, simple: x} | 'name' is there twice
            setBody: {constant: "{{env:VAULT_DB_PASSWORD}}"}         | '{{env:VAULT_DB_PASSWORD}}' is no setting
            setBody: {constant: "{{sys:user.home}}"}                 | '{{sys:user.home}}' is no setting
            setBody: {constant: "{{spring.datasource.password}}"}    | '{{spring.datasource.password}}' is no setting
            setBody: {constant: "{{spine.topic.x:{{env:HOME}}}}"}    | '{{spine.topic.x:{{env:HOME}}' is no setting
            setBody: {constant: "{{camel.component.kafka.sasl-password:none}}"} | is no setting
            setBody: {spel: "#{T(Runtime)}"}                         | 'spel' is nothing a route file may have in 'setBody'
            setBody: {expression: {spel: "#{T(Runtime)}"}}           | 'spel' is nothing a route file may have in 'expression'
            setBody: {expression: {groovy: "1"}}                     | 'groovy' is nothing a route file may have
            setBody: {expression: {ognl: "1"}}                       | 'ognl' is nothing a route file may have
            setBody: {expression: {mvel: "1"}}                       | 'mvel' is nothing a route file may have
            setBody: {expression: {java: "1"}}                       | 'java' is nothing a route file may have
            setBody: {expression: {js: "1"}}                         | 'js' is nothing a route file may have
            setBody: {expression: {method: {ref: dataSource}}}       | 'method' is nothing a route file may have
            setBody: {expression: {language: {language: spel, expression: x}}} | 'language' is nothing a route file may have
            filter: {expression: {spel: {expression: x}}, steps: []} | 'spel' is nothing a route file may have
            choice: {when: [{expression: {ref: {expression: x}}, steps: []}]} | 'ref' is nothing a route file may have
            delay: {simple: "${header.ce_id}"}                       | a delay must be constant
            bean: {ref: dataSource, method: toString}                | 'bean' is nothing a route file may have in 'steps'
            process: {ref: "#class:java.lang.Object"}                | bean '#class:java.lang.Object' is not one
            process: {ref: jdbcTemplate}                             | bean 'jdbcTemplate' is not one
            unmarshal: {json: {library: Jackson, unmarshalType: x}}  | 'unmarshalType' is nothing a route file may have
            unmarshal: {avro: {}}                                    | 'avro' is nothing a route file may have in 'unmarshal'
            script: {expression: {simple: x}}                        | 'script' is nothing a route file may have in 'steps'
            transform: {simple: x}                                   | 'transform' is nothing a route file may have in 'steps'
            throwException: {exceptionType: java.lang.Error, message: "${body}"} | throwException is not allowed
            enrich: {constant: "file:/etc"}                          | enrich computes its target
            pollEnrich: {constant: "file:/etc"}                      | pollEnrich computes its target
            recipientList: {simple: "${header.x}"}                   | recipientList computes its target
            multicast: {steps: []}                                   | 'multicast' is nothing a route file may have in 'steps'
            to: bean:jdbcTemplate?method=queryForList(${body})       | component 'bean' is not one a route file may use
            to: file:/tmp                                            | component 'file' is not one a route file may use
            to: controlbus:route?routeId=x&action=stop               | component 'controlbus' is not one a route file may use
            to: class:java.lang.System                               | component 'class' is not one a route file may use
            to: language:simple:x                                    | component 'language' is not one a route file may use
            to: seda:x                                               | component 'seda' is not one a route file may use
            to: jdbc:other                                           | there is no bean 'other'
            to: kafka:x?brokers=other                                | option brokers of kafka is not one
            to: "kafka:x?bro%6bers=other"                            | option brokers of kafka is not one
            to: kafka:x?Brokers=other                                | option Brokers of kafka is not one
            to: {uri: kafka:x, parameters: {saslJaasConfig: x}}      | option saslJaasConfig of kafka is not one
            to: {uri: kafka:x, parameters: {securityProtocol: x}}    | option securityProtocol of kafka is not one
            to: {uri: kafka:x, parameters: {interceptorClasses: x}}  | option interceptorClasses of kafka is not one
            to: {uri: kafka:x, parameters: {additionalProperties.bootstrap.servers: x}} | option additionalProperties.bootstrap
            to: {uri: kafka:x, parameters: {valueSerializer: org.example.Mine}} | valueSerializer must be one of
            to: {uri: kafka:x, parameters: {clientId: "#class:java.lang.Object"}} | is a bean, class or setting
            to: "kafka:x?clientId=%23class:java.lang.Object"         | is a bean, class or setting
            to: "kafka:x?clientId=%7B%7Benv:VAULT_DB_PASSWORD%7D%7D" | is no setting
            to: "kafka:{{env:VAULT_DB_PASSWORD}}"                    | '{{env:VAULT_DB_PASSWORD}}' is no setting
            """)
    void refusesWhatNobodyHasListed(String step, String reason) {
        assertThat(DryRun.edit("save-gift", SEND, "        - " + step + "\n" + SEND))
                .anySatisfy(problem ->
                        assertThat(problem).startsWith("- " + step + " | ").contains(reason));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "log: saved ${exchangeProperty.eventId} at ${date:now:HH:mm}",
                "setHeader: {name: x-kind, simple: \"${header.ce_type}\"}",
                "setProperty: {name: kind, header: ce_type}",
                "choice: {when: [{simple: \"${header.ce_type} == 'x'\", steps: [{log: x}]}], otherwise: {steps: [{log: y}]}}",
                "removeHeaders: {pattern: \"x-*\"}",
            })
    void letsAnOperatorUseWhatIsListed(String step) {
        assertThat(DryRun.edit("save-gift", SEND, "        - " + step + "\n" + SEND))
                .isEmpty();
    }

    @Test
    void allowsMoreBySetting() {
        RouteFile file = RouteFile.of("x.camel.yaml", """
                - route:
                    from:
                      uri: kafka:{{my.topic}}
                      steps:
                        - setBody: {jq: .question}
                        - marshal: {csv: {}}
                        - process: {ref: mine}
                """.getBytes(StandardCharsets.UTF_8));
        Map<String, Object> brokers = Map.of("brokers", "other");
        AllowedParts shipped = new AllowedParts(List.of());
        AllowedParts more = new AllowedParts(List.of(
                "setting:my.topic",
                "language:jq",
                "dataformat:csv",
                "bean:mine",
                "component:file",
                "option:kafka.brokers"));

        assertThat(shipped.check(file)).hasSize(4);
        assertThat(shipped.refusesToMake(file, 1, "file", Map.of())).isPresent();
        assertThat(shipped.refusesToUse(file, 1, "kafka", "x", brokers)).isPresent();
        assertThat(more.check(file)).isEmpty();
        assertThat(more.refusesToMake(file, 1, "file", Map.of())).isEmpty();
        assertThat(more.refusesToUse(file, 1, "kafka", "x", brokers)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"0, persist-gifts", "1, save-gift", "2, persist-gifts"})
    void letsAnOperatorEditAsTheDocsShow(int edit, String routeId, @TempDir Path folder) throws Exception {
        DocumentedEdits.assumeGit();
        Path routes = Files.createDirectory(folder.resolve("routes"));
        Path route = Files.writeString(routes.resolve(routeId + ".camel.yaml"), RouteFolderFixture.shipped(routeId));

        assertThat(DocumentedEdits.all()).hasSize(3);
        DocumentedEdits.apply(DocumentedEdits.all().get(edit), folder);

        assertThat(Files.readString(route)).isNotEqualTo(RouteFolderFixture.shipped(routeId));
        assertThat(DryRun.problems(routeId, Files.readString(route))).isEmpty();
    }

    @Test
    void letsAnOperatorFillAnotherColumnAndSlowTheConsumerDown() {
        assertThat(DryRun.edit(
                        "persist-gifts", "symbol_id, lang, created_at)\n", "symbol_id, lang, created_at, stored_at)\n"))
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
