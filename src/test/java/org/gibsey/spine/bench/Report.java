package org.gibsey.spine.bench;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.DoubleStream;

/**
 * What was measured, as a table for people, JSON for programs and a plot, kept in {@code results.json} of a folder: a section
 * that runs again replaces what it said before, so that a long run can be done in pieces.
 */
final class Report {

    /**
     * One thing measured several times.
     *
     * @param group what is comparable, such as "requests a second, Java 25, 64 connections"
     * @param name  the candidate
     */
    record Figure(String group, String name, String unit, List<Double> values) {

        @JsonProperty
        double median() {
            List<Double> sorted = values.stream().sorted().toList();
            int middle = sorted.size() / 2;
            return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
        }

        double least() {
            return values().stream().mapToDouble(value -> value).min().orElseThrow();
        }

        double most() {
            return values().stream().mapToDouble(value -> value).max().orElseThrow();
        }
    }

    /**
     * What was aimed at.
     *
     * @param measured what it is
     * @param limit    the most, or the least, that it should be
     */
    record Goal(String text, double measured, double limit, boolean atLeast) {

        @JsonProperty
        boolean met() {
            return atLeast ? measured >= limit : measured <= limit;
        }
    }

    /** @param figures in the order they were measured */
    record Section(List<Figure> figures, List<Goal> goals) {}

    /** @param machine what it was measured on */
    private record Results(String machine, Map<String, Section> sections) {}

    private static final ObjectMapper JSON = new ObjectMapper()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false);

    private final Path folder;
    private final Map<String, Section> sections;
    private Section current = new Section(new ArrayList<>(), new ArrayList<>());

    private Report(Path folder, Map<String, Section> sections) {
        this.folder = folder;
        this.sections = sections;
    }

    /** Goes on with what the folder holds. */
    static Report in(Path folder) throws IOException {
        Files.createDirectories(folder);
        Path json = folder.resolve("results.json");
        return new Report(
                folder,
                Files.exists(json)
                        ? JSON.readValue(json.toFile(), Results.class).sections()
                        : new LinkedHashMap<>());
    }

    /** What follows is about this; what was said about it before is forgotten. */
    void begin(String section) {
        current = new Section(new ArrayList<>(), new ArrayList<>());
        sections.put(section, current);
    }

    Figure figure(String group, String name, String unit, double... values) {
        return figure(group, name, unit, DoubleStream.of(values).boxed().toList());
    }

    Figure figure(String group, String name, String unit, List<Double> values) {
        Figure figure = new Figure(group, name, unit, List.copyOf(values));
        current.figures().add(figure);
        System.out.printf("%s | %s | %s%n", group, name, spread(figure));
        return figure;
    }

    void atLeast(String goal, double measured, double limit) {
        current.goals().add(new Goal(goal, measured, limit, true));
    }

    void atMost(String goal, double measured, double limit) {
        current.goals().add(new Goal(goal, measured, limit, false));
    }

    List<Section> sections() {
        return List.copyOf(sections.values());
    }

    /** Writes {@code results.json}, {@code table.md} and {@code plot.svg}. */
    void write() throws IOException {
        JSON.writeValue(folder.resolve("results.json").toFile(), new Results(machine(), sections));
        Files.writeString(folder.resolve("table.md"), table());
        Files.writeString(folder.resolve("plot.svg"), Plot.of(sections()));
    }

    String table() {
        StringBuilder table = new StringBuilder(machine() + "\n\n");
        sections.forEach((name, section) -> {
            table.append("### ").append(name).append("\n\n| | | median | least – most |\n|---|---|---:|---:|\n");
            for (Figure figure : section.figures()) {
                table.append("| %s | %s | %s %s | %s – %s |%n"
                        .formatted(
                                figure.group(),
                                figure.name(),
                                number(figure.median()),
                                figure.unit(),
                                number(figure.least()),
                                number(figure.most())));
            }
            table.append('\n');
            if (!section.goals().isEmpty()) {
                table.append("| goal | | measured | |\n|---|---|---:|---|\n");
                for (Goal goal : section.goals()) {
                    table.append("| %s | %s %s | %s | %s |%n"
                            .formatted(
                                    goal.text(),
                                    goal.atLeast() ? "≥" : "≤",
                                    number(goal.limit()),
                                    number(goal.measured()),
                                    goal.met() ? "met" : "**missed**"));
                }
                table.append('\n');
            }
        });
        return table.toString();
    }

    private static String machine() {
        return "%d processors, %s %s"
                .formatted(
                        Runtime.getRuntime().availableProcessors(),
                        System.getProperty("os.name"),
                        System.getProperty("os.version"));
    }

    private static String spread(Figure figure) {
        return "%s %s (%s – %s)"
                .formatted(number(figure.median()), figure.unit(), number(figure.least()), number(figure.most()));
    }

    /** Three digits that count, with thousands parted. */
    static String number(double value) {
        String pattern = Math.abs(value) >= 100 ? "%,.0f" : Math.abs(value) >= 10 ? "%.1f" : "%.2f";
        return String.format(Locale.ROOT, pattern, value);
    }
}
