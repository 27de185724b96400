package org.gibsey.spine.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.Error;
import com.networknt.schema.ExecutionContext;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaContext;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.dialect.Dialect;
import com.networknt.schema.dialect.Dialects;
import com.networknt.schema.format.Format;
import java.io.IOException;
import java.math.BigInteger;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.springframework.core.io.ClassPathResource;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;

/** openapi.yaml as it is served, and its schemas at work: formats count, also those that OpenAPI has for numbers. For one thread. */
final class Contract {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final ObjectNode document;
    private final SchemaRegistry registry = SchemaRegistry.withDialect(
            Dialect.builder(Dialects.getDraft202012())
                    .format(new SignedBits("int32", 32))
                    .format(new SignedBits("int64", 64))
                    .build(),
            settings -> settings.schemaRegistryConfig(SchemaRegistryConfig.builder()
                    .formatAssertionsEnabled(true)
                    // 7.0 is an integer
                    .losslessNarrowing(true)
                    .build()));
    private final Map<JsonNode, Schema> schemas = new HashMap<>();

    Contract() {
        LoaderOptions options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        try (var file = new ClassPathResource("openapi.yaml").getInputStream()) {
            this.document = JSON.valueToTree(new Yaml(options).load(file));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    ObjectNode document() {
        return document;
    }

    /** What a reference stands for; anything else itself. */
    JsonNode resolve(JsonNode node) {
        return node.has("$ref") ? document.at(node.get("$ref").textValue().substring(1)) : node;
    }

    JsonNode operation(String operationId) {
        for (JsonNode path : document.get("paths")) {
            for (JsonNode operation : path) {
                if (operation.get("operationId").textValue().equals(operationId)) {
                    return operation;
                }
            }
        }
        throw new IllegalArgumentException(operationId);
    }

    /** Of the JSON body of a request. */
    JsonNode bodySchema(String operationId) {
        return operation(operationId).at("/requestBody/content/application~1json/schema");
    }

    /** Of the query as an object: a parameter that is an object itself is a field for each of its own. */
    JsonNode querySchema(String operationId) {
        ObjectNode query = JSON.createObjectNode().put("type", "object");
        ArrayNode required = query.putArray("required");
        ArrayNode all = query.putArray("allOf");
        for (JsonNode reference : operation(operationId).get("parameters")) {
            JsonNode parameter = resolve(reference);
            if (!parameter.get("in").textValue().equals("query")) {
                continue;
            }
            JsonNode schema = parameter.get("schema");
            if (schema.path("type").asText().equals("object")) {
                all.add(schema);
            } else {
                String name = parameter.get("name").textValue();
                all.addObject().putObject("properties").set(name, schema);
                if (parameter.path("required").asBoolean()) {
                    required.add(name);
                }
            }
        }
        return query;
    }

    /** What of the schema a value breaks; empty when it fits. */
    List<String> breaches(JsonNode schema, JsonNode value) {
        Schema compiled = schemas.computeIfAbsent(schema, asked -> {
            ObjectNode root = JSON.createObjectNode();
            root.putArray("allOf").add(asked);
            root.set("components", document.get("components"));
            return registry.getSchema(root);
        });
        return compiled.validate(value).stream().map(Error::toString).toList();
    }

    /** Of OpenAPI's format registry: a signed number of so many bits, and here also a text that is one. */
    private record SignedBits(String getName, int bits) implements Format {

        @Override
        public boolean matches(ExecutionContext context, SchemaContext schema, JsonNode value) {
            if (value.isTextual()) {
                String text = value.textValue().strip();
                return !text.matches("[+-]?[0-9]+") || fits(new BigInteger(text));
            }
            return !value.isIntegralNumber() || fits(value.bigIntegerValue());
        }

        private boolean fits(BigInteger number) {
            return number.bitLength() < bits;
        }
    }
}
