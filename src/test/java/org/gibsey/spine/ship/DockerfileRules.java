package org.gibsey.spine.ship;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How the recipe of the image has to be. */
final class DockerfileRules {

    private static final Pattern CACHE = Pattern.compile("-XX:AOTCache=([\\w.-]+)");

    private final Complaints broken = new Complaints("");
    private final Dockerfile dockerfile;

    private DockerfileRules(Dockerfile dockerfile) {
        this.dockerfile = dockerfile;
    }

    /**
     * @param dockerfile   the recipe
     * @param dockerignore what the engine is not sent
     * @return what breaks a rule, in words
     */
    static List<String> broken(String dockerfile, String dockerignore) {
        return new DockerfileRules(Dockerfile.parse(dockerfile)).check(dockerignore);
    }

    private List<String> check(String dockerignore) {
        Set<String> stages = new HashSet<>();
        for (String from : dockerfile.arguments("FROM")) {
            String[] words = from.split("\\s+", -1);
            broken.unless(
                    stages.contains(words[0]) || words[0].matches("[a-z/-]+:[\\w.-]+@sha256:[0-9a-f]{64}"),
                    "%s can be another image tomorrow",
                    words[0]);
            stages.add(words[words.length - 1]);
        }
        broken.unless(
                dockerfile.lastArguments("USER").stream().anyMatch(user -> user.matches("[1-9]\\d*:[1-9]\\d*")),
                "runs as root, or as somebody Kubernetes cannot tell from root");
        String labels = String.join(" ", dockerfile.lastArguments("LABEL"));
        for (String label : List.of("title", "description", "version", "revision", "base.name")) {
            broken.unless(labels.contains("org.opencontainers.image." + label + "="), "does not say its %s", label);
        }
        layers();
        broken.unless(!dockerfile.lastArguments("HEALTHCHECK").isEmpty(), "has no HEALTHCHECK");
        broken.unless(
                dockerfile.lastArguments("ENTRYPOINT").stream().anyMatch(line -> line.startsWith("[\"java\"")),
                "does not start java itself: a shell in between keeps the signals");
        broken.unless(
                dockerfile.environment().getOrDefault("JAVA_TOOL_OPTIONS", "").contains("-XX:MaxRAMPercentage="),
                "takes a quarter of its memory for the heap");
        broken.unless(
                dockerfile.environment().getOrDefault("LOG_FORMAT", "").equals("ecs"),
                "logs for people, not collectors");
        broken.unless(
                dockerfile.lastArguments("EXPOSE").stream()
                        .anyMatch((Settings.otherwise("SERVER_PORT") + " "
                                + Settings.otherwise("MANAGEMENT_SERVER_PORT"))::equals),
                "exposes other ports than the application has");
        broken.unless(dockerfile.arguments("ADD").isEmpty(), "ADD fetches and unpacks what COPY would copy");
        for (String run : dockerfile.lastArguments("RUN")) {
            broken.unless(
                    !run.matches(".*\\b(apt|apt-get|curl|wget|chmod|chown)\\b.*"), "adds to the runtime: %s", run);
        }
        for (String copy : dockerfile.arguments("COPY")) {
            sources(copy, dockerignore);
        }
        return broken.all();
    }

    /** What changes with every commit comes after what does not, and the cache that is trained is the one that is used. */
    private void layers() {
        List<String> copies = dockerfile.lastArguments("COPY");
        broken.unless(
                !copies.isEmpty()
                        && copies.get(0).contains("/dependencies/")
                        && !copies.get(0).contains("/application/"),
                "moves all dependencies with each version of the code");
        Matcher cache = CACHE.matcher(String.join(" ", dockerfile.lastArguments("ENTRYPOINT")));
        broken.unless(
                cache.find() && Yaml.text(Path.of("container/train")).contains("cache=" + cache.group(1)),
                "does not use the cache it trains");
        broken.unless(
                dockerfile.lastArguments("RUN").stream().anyMatch(run -> run.startsWith("bin/train ")),
                "trains no cache");
    }

    private void sources(String copy, String dockerignore) {
        if (copy.startsWith("--from=")) {
            return;
        }
        String[] words = copy.split("\\s+", -1);
        for (int i = 0; i < words.length - 1; i++) {
            String source = words[i].replaceAll("/$", "");
            broken.unless(Files.exists(Path.of(source)), "copies %s, which is not there", source);
            broken.unless(
                    dockerignore.lines().anyMatch(("!" + source)::equals), "copies %s, which it is not sent", source);
        }
    }
}
