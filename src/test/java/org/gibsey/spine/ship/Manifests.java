package org.gibsey.spine.ship;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The objects an overlay comes to, as they would reach the cluster. */
final class Manifests {

    private final List<JsonNode> objects;

    private Manifests(List<JsonNode> objects) {
        this.objects = objects;
    }

    /** @throws IOException if there is no kubectl, or it refuses the overlay */
    static Manifests render(Path overlay) throws IOException, InterruptedException {
        return new Manifests(Yaml.documents(Kubectl.run("kustomize", overlay.toString())));
    }

    /** To be broken on purpose. */
    Manifests copy() {
        return new Manifests(objects.stream().<JsonNode>map(JsonNode::deepCopy).toList());
    }

    Stream<JsonNode> all() {
        return objects.stream();
    }

    Stream<JsonNode> ofKind(String kind) {
        return objects.stream().filter(object -> object.path("kind").asText().equals(kind));
    }

    /** What makes pods. */
    Stream<JsonNode> workloads() {
        return Stream.of("Deployment", "StatefulSet").flatMap(this::ofKind);
    }

    Optional<JsonNode> find(String kind, String name) {
        return ofKind(kind).filter(object -> nameOf(object).equals(name)).findFirst();
    }

    static String nameOf(JsonNode object) {
        return object.at("/metadata/name").asText();
    }

    static String titleOf(JsonNode object) {
        return object.path("kind").asText() + "/" + nameOf(object);
    }

    /**
     * Changes one place.
     *
     * @param title   {@code Kind/name}, where a generated end of the name may be left out
     * @param pointer a JSON pointer to something that exists, or whose parent does
     * @param value   what to put there in JSON, or empty to remove it
     */
    void edit(String title, String pointer, String value) {
        JsonNode object = objects.stream()
                .filter(candidate ->
                        titleOf(candidate).equals(title) || titleOf(candidate).matches(title + "-[0-9a-z]{10}"))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no " + title));
        edit(object, pointer, value);
    }

    /** An element of an array may be given by its {@code name} as well as by its number. */
    static void edit(JsonNode tree, String pointer, String value) {
        String[] places = pointer.substring(1).split("/", -1);
        JsonNode parent = tree;
        for (int i = 0; i < places.length - 1; i++) {
            String place = places[i].replace("~1", "/");
            parent = parent instanceof ArrayNode items ? items.get(indexOf(items, place)) : parent.path(place);
        }
        String last = places[places.length - 1].replace("~1", "/");
        if (parent instanceof ObjectNode fields && value.isEmpty()) {
            if (fields.remove(last) == null) {
                throw new IllegalArgumentException("nothing at " + pointer);
            }
        } else if (parent instanceof ObjectNode fields) {
            fields.set(last, Yaml.value(value));
        } else if (parent instanceof ArrayNode items) {
            items.set(indexOf(items, last), Yaml.value(value));
        } else {
            throw new IllegalArgumentException("nothing at " + pointer);
        }
    }

    private static int indexOf(ArrayNode items, String place) {
        for (int i = 0; i < items.size(); i++) {
            if (items.get(i).path("name").asText().equals(place)) {
                return i;
            }
        }
        return Integer.parseInt(place);
    }
}
