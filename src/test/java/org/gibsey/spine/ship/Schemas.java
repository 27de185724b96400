package org.gibsey.spine.ship;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The schemas of Kubernetes, of the operators and of compose (folder {@code schemas} of the test resources, which says where
 * they come from), applied as the API server does with strict validation: a field nobody knows is an error, not ignored.
 */
final class Schemas {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Map<String, Schema> READ = new ConcurrentHashMap<>();

    private Schemas() {}

    /** What an object of Kubernetes has that its schema does not allow, or lacks that it wants. */
    static List<String> problemsOfObject(JsonNode object) {
        String kind = object.path("kind").asText();
        String apiVersion = object.path("apiVersion").asText();
        String group = apiVersion.contains("/") ? apiVersion.substring(0, apiVersion.indexOf('/')) : "core";
        String version = apiVersion.substring(apiVersion.indexOf('/') + 1);
        boolean builtIn = !group.contains(".") || (group.endsWith(".k8s.io") && !group.startsWith("gateway."));
        Schema schema = builtIn
                ? builtIn("io.k8s.api.%s.%s.%s".formatted(group.replaceFirst("\\..*", ""), version, kind))
                : custom("%s_%s_%s".formatted(group, version, kind));
        return problems(schema, object);
    }

    static List<String> problemsOfCompose(JsonNode file) {
        Schema schema = READ.computeIfAbsent("compose-spec", name -> {
            ObjectNode tree = tree(name);
            // of all its references none is relative to it, and the validator refuses one that is no URI
            tree.remove("$id");
            return registry(SpecificationVersion.DRAFT_2020_12).getSchema(tree);
        });
        return problems(schema, file);
    }

    private static List<String> problems(Schema schema, JsonNode subject) {
        return schema.validate(subject).stream().map(Error::toString).toList();
    }

    private static Schema builtIn(String definition) {
        return READ.computeIfAbsent(definition, name -> {
            ObjectNode all = tree("kubernetes");
            ObjectNode definitions = (ObjectNode) all.get("definitions");
            if (!definitions.has(definition)) {
                throw new IllegalArgumentException("no schema for " + definition);
            }
            definitions.forEach(Schemas::closeToUnknownFields);
            // said to be a string, because OpenAPI 2 has no word for it
            definitions.replace(
                    "io.k8s.apimachinery.pkg.util.intstr.IntOrString", Yaml.value("{type: [integer, string]}"));
            all.put("$ref", "#/definitions/" + definition);
            return registry(SpecificationVersion.DRAFT_4).getSchema(all);
        });
    }

    private static Schema custom(String name) {
        return READ.computeIfAbsent(name, unused -> {
            ObjectNode schema = tree(name);
            closeToUnknownFields(schema);
            return registry(SpecificationVersion.DRAFT_4).getSchema(schema);
        });
    }

    /** Alternatives ({@code oneOf} and the like) name only some of the fields and are left as they are. */
    private static void closeToUnknownFields(JsonNode schema) {
        if (!(schema instanceof ObjectNode node)) {
            return;
        }
        node.path("properties").forEach(Schemas::closeToUnknownFields);
        closeToUnknownFields(node.path("items"));
        closeToUnknownFields(node.path("additionalProperties"));
        boolean open = node.path("x-kubernetes-preserve-unknown-fields").asBoolean();
        if (node.has("properties") && !node.has("additionalProperties") && !open) {
            node.put("additionalProperties", false);
        }
    }

    private static SchemaRegistry registry(SpecificationVersion version) {
        return SchemaRegistry.withDefaultDialect(version);
    }

    private static ObjectNode tree(String name) {
        try (InputStream file = Schemas.class.getResourceAsStream("/schemas/" + name + ".json")) {
            if (file == null) {
                throw new IllegalArgumentException("no schema " + name);
            }
            return (ObjectNode) JSON.readTree(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
