package org.gibsey.spine.ship;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;

/** The recipe of the image, read so far as to hold it to rules and to do by hand what an engine would do. */
public final class Dockerfile {

    /**
     * @param word      in capitals, for example COPY
     * @param arguments the rest, in one line
     */
    record Instruction(String word, String arguments) {}

    private static final Pattern ASSIGNMENT = Pattern.compile("(\\S+?)=(\"[^\"]*\"|\\S*)");

    private final List<Instruction> instructions = new ArrayList<>();
    private final List<Instruction> lastStage = new ArrayList<>();

    private Dockerfile(String text) {
        String joined = text.replaceAll("(?m)^#.*\n", "").replaceAll("\\\\\n\\s*", " ");
        joined.lines().filter(line -> !line.isBlank()).forEach(line -> {
            String[] words = line.strip().split("\\s+", 2);
            Instruction instruction = new Instruction(words[0], words.length > 1 ? words[1] : "");
            instructions.add(instruction);
            if (instruction.word().equals("FROM")) {
                lastStage.clear();
            }
            lastStage.add(instruction);
        });
    }

    public static Dockerfile read() {
        return parse(Yaml.text(Path.of("Dockerfile")));
    }

    static Dockerfile parse(String text) {
        return new Dockerfile(text);
    }

    List<String> arguments(String word) {
        return instructions.stream()
                .filter(instruction -> instruction.word().equals(word))
                .map(Instruction::arguments)
                .toList();
    }

    /** Of the stage that becomes the image. */
    List<String> lastArguments(String word) {
        return lastStage.stream()
                .filter(instruction -> instruction.word().equals(word))
                .map(Instruction::arguments)
                .toList();
    }

    String workingDirectory() {
        return lastArguments("WORKDIR").get(0);
    }

    /** Variables of every process of the container. */
    public Map<String, String> environment() {
        Map<String, String> environment = new HashMap<>();
        for (String arguments : lastArguments("ENV")) {
            Matcher assignments = ASSIGNMENT.matcher(arguments);
            while (assignments.find()) {
                environment.put(assignments.group(1), assignments.group(2).replace("\"", ""));
            }
        }
        return environment;
    }

    /** The command line of the container. */
    public List<String> entryPoint() {
        JsonNode words = Yaml.value(lastArguments("ENTRYPOINT").get(0));
        return StreamSupport.stream(words.spliterator(), false)
                .map(JsonNode::asText)
                .toList();
    }
}
