package org.gibsey.spine.ship;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The architecture as an SVG, drawn from the route files: from readers through the routes of the API to the topics, through those
 * of the workers to the tables, and below that the way back.
 */
final class RoutesPicture {

    private static final Pattern WRITTEN =
            Pattern.compile("\\b(?:insert into|update)\\s+(vault|gift_change|dead_letter|erased_reader)\\b");
    private static final Map<String, String> TOPICS = new LinkedHashMap<>();

    static {
        TOPICS.put("{{spine.topic.name}}", "gift_events");
        TOPICS.put("{{spine.changes.topic}}", "gift_changes");
        TOPICS.put("{{spine.topic.dead-letters}}", "gift_events.dlq");
    }

    private static final List<String> TABLES = List.of("vault", "gift_change", "dead_letter", "erased_reader");
    private static final int ROW = 58;
    private static final int TOP = 60;

    private final StringBuilder svg = new StringBuilder();

    /** A box, by its left and right edge and the middle of its height. */
    private record Box(int left, int right, int middle) {}

    /** What a route file says of where it is. */
    private record Flow(String id, String from, Set<String> to, Set<String> tables) {

        static Flow of(String file) {
            JsonNode route = Yaml.read(Path.of("routes", file)).at("/0/route");
            JsonNode from = route.path("from");
            List<String> texts = new ArrayList<>();
            texts(from.path("steps"), texts);
            String uri = from.path("uri").asText();
            String methods = from.at("/parameters/httpMethodRestrict").asText();
            return new Flow(
                    route.path("id").asText(),
                    uri.startsWith("platform-http:") ? methods + " " + uri.substring(uri.indexOf(':') + 1) : uri,
                    texts.stream()
                            .filter(text -> text.startsWith("kafka:"))
                            .map(text -> text.substring(6))
                            .collect(Collectors.toCollection(TreeSet::new)),
                    texts.stream()
                            // the function that takes texts away
                            .map(text -> text.replace("vault_blank(", "update vault, update gift_change ("))
                            .flatMap(text -> WRITTEN.matcher(text.toLowerCase(Locale.ROOT))
                                    .results())
                            .map(found -> found.group(1))
                            .collect(Collectors.toCollection(TreeSet::new)));
        }

        private static void texts(JsonNode node, List<String> into) {
            if (node.isTextual()) {
                into.add(node.asText());
            }
            node.forEach(child -> texts(child, into));
        }

        boolean isAsked() {
            return from.contains(" /");
        }
    }

    static String draw() {
        return new RoutesPicture()
                .picture(Project.routeFiles().stream().map(Flow::of).toList());
    }

    private String picture(List<Flow> flows) {
        List<Flow> taking = flows.stream()
                .filter(flow -> flow.isAsked() && !flow.to().isEmpty())
                .toList();
        List<Flow> showing = flows.stream()
                .filter(flow -> flow.isAsked() && flow.to().isEmpty())
                .toList();
        List<Flow> storing = flows.stream().filter(flow -> !flow.isAsked()).toList();
        int rows = Math.max(Math.max(taking.size(), storing.size()), TABLES.size());
        int below = TOP + rows * ROW + 20;
        int height = below + (showing.size() + 3) / 3 * ROW + 30;
        svg.append("""
                <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1240 %d" font-family="sans-serif" font-size="13">
                <!-- drawn from routes/ by RoutesPictureTest -->
                <defs><marker id="end" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">\
                <path d="M0 0 8 4 0 8z" fill="#666"/></marker></defs>
                <rect width="1240" height="%1$d" fill="#fff"/>
                """.formatted(height));
        heading(20, "readers");
        heading(170, "API: routes that take");
        heading(510, "Kafka");
        heading(710, "workers: routes that store");
        heading(1050, "PostgreSQL");
        Box readers = box(20, 110, TOP, height - 30, "readers", "", "#fff3d6");
        Map<String, Box> topics = column(510, 140, List.copyOf(TOPICS.values()), "#e6e0f8", rows);
        Map<String, Box> tables = column(1050, 150, TABLES, "#dcefe0", rows);
        for (int i = 0; i < taking.size(); i++) {
            Flow flow = taking.get(i);
            Box box = route(170, TOP + i * ROW, 280, flow);
            arrow(readers.right(), box.middle(), box.left(), box.middle());
            flow.to().forEach(topic -> join(box, topics.get(TOPICS.get(topic))));
        }
        for (int i = 0; i < storing.size(); i++) {
            Flow flow = storing.get(i);
            Box box = route(710, TOP + i * ROW, 280, flow);
            if (flow.from().startsWith("kafka:")) {
                join(topics.get(TOPICS.get(flow.from().substring(6))), box);
            }
            flow.tables().forEach(table -> join(box, tables.get(table)));
        }
        heading(170, below + 4, "API: routes that show, and the stream");
        for (int i = 0; i <= showing.size(); i++) {
            int left = 170 + i % 3 * 287;
            int top = below + 14 + i / 3 * ROW;
            if (i < showing.size()) {
                route(left, top, 272, showing.get(i));
            } else {
                box(left, left + 272, top, top + ROW - 16, "timeline (Java)", "GET /vault/stream, LISTEN", "#d9e8fb");
            }
        }
        int back = below + 14 + ROW / 2;
        arrow(1125, TOP + TABLES.size() * ROW, 1125, back, 1030, back);
        arrow(168, back, readers.right(), back);
        return svg.append("</svg>\n").toString();
    }

    private Map<String, Box> column(int left, int width, List<String> names, String fill, int rows) {
        Map<String, Box> boxes = new LinkedHashMap<>();
        for (int i = 0; i < names.size(); i++) {
            int top = TOP + i * ROW * (names.size() == TABLES.size() ? 1 : Math.max(1, rows / names.size()));
            boxes.put(names.get(i), box(left, left + width, top, top + ROW - 16, names.get(i), "", fill));
        }
        return boxes;
    }

    private Box route(int left, int top, int width, Flow flow) {
        String from = TOPICS.entrySet().stream()
                .reduce(flow.from(), (text, topic) -> text.replace(topic.getKey(), topic.getValue()), (a, b) -> b);
        return box(left, left + width, top, top + ROW - 16, flow.id(), from, "#d9e8fb");
    }

    private Box box(int left, int right, int top, int bottom, String name, String what, String fill) {
        int middle = (top + bottom) / 2;
        svg.append("""
                <rect x="%d" y="%d" width="%d" height="%d" rx="5" fill="%s" stroke="#888"/>
                """.formatted(left, top, right - left, bottom - top, fill));
        text(left + 8, what.isEmpty() ? middle + 5 : middle - 3, "bold", name);
        if (!what.isEmpty()) {
            text(left + 8, middle + 14, "normal", what);
        }
        return new Box(left, right, middle);
    }

    private void heading(int left, String name) {
        heading(left, TOP - 20, name);
    }

    private void heading(int left, int y, String name) {
        text(left, y, "normal\" fill=\"#555", name);
    }

    private void text(int x, int y, String weight, String text) {
        svg.append("<text x=\"%d\" y=\"%d\" font-weight=\"%s\">%s</text>\n".formatted(x, y, weight, text));
    }

    private void join(Box from, Box to) {
        arrow(from.right(), from.middle(), to.left(), to.middle());
    }

    /** Through points, each an x and a y. */
    private void arrow(int... points) {
        StringBuilder line = new StringBuilder();
        for (int point : points) {
            line.append(point).append(' ');
        }
        svg.append("""
                <polyline points="%s" fill="none" stroke="#666" marker-end="url(#end)"/>
                """.formatted(line.toString().strip()));
    }
}
