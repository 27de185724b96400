package org.gibsey.spine.liveroutes;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.DefaultLifecycleProcessor;

/**
 * {@code --check FOLDER}: says what the guard would say to the route files of a folder (or to one file), for editors and
 * pipelines. Knows the beans and settings of this process, but starts nothing: no port, no broker, no database.
 *
 * <p>Prints {@code file:line: reason} for each problem. Exit code 0: none, 1: some, 2: nothing to check.
 */
public final class RouteCheck {

    static final String PROFILE = "route-check";

    private static final String OPTION = "--check";

    private RouteCheck() {}

    /** Whether the command line is one of this class. */
    public static boolean isAskedFor(String[] arguments) {
        return arguments.length > 0 && arguments[0].equals(OPTION);
    }

    /**
     * Checks what the command line says.
     *
     * @return the exit code
     */
    public static int run(Class<?> application, String[] arguments, PrintStream out) {
        if (arguments.length != 2 || !Files.exists(Path.of(arguments[1]))) {
            out.println("usage: " + OPTION + " FOLDER, with the route files in it, or one of them");
            return 2;
        }
        Path path = Path.of(arguments[1]);
        String pattern = "file:" + (Files.isDirectory(path) ? path + "/*.camel.yaml" : path);
        try (ConfigurableApplicationContext context = start(application, pattern)) {
            Map<String, RouteFile> files = context.getBean(RouteFolder.class).read();
            if (files.isEmpty()) {
                out.println("no route files: " + pattern);
                return 2;
            }
            return check(files.values(), context.getBean(Rehearsal.class), out) ? 0 : 1;
        } catch (IOException e) {
            out.println(RouteProblem.message(e));
            return 2;
        }
    }

    private static boolean check(Collection<RouteFile> files, Rehearsal rehearsal, PrintStream out) {
        List<RehearsedFile> rehearsed = files.stream().map(rehearsal::rehearse).toList();
        Plan plan = Plan.of(Map.of(), rehearsed, Set.of());
        plan.refused().values().forEach(problems -> problems.forEach(out::println));
        if (plan.refused().isEmpty()) {
            out.println(files.size() + " route files, no problem");
        }
        return plan.refused().isEmpty();
    }

    static ConfigurableApplicationContext start(Class<?> application, String pattern) {
        return new SpringApplicationBuilder(application)
                .web(WebApplicationType.NONE)
                .lazyInitialization(true)
                .logStartupInfo(false)
                .profiles(PROFILE)
                .initializers(
                        context -> context.getBeanFactory().registerSingleton("lifecycleProcessor", new StartNothing()))
                .properties(Map.of("logging.level.root", "ERROR", "spring.jmx.enabled", "false"))
                .run(
                        "--camel.main.routes-include-pattern=" + pattern,
                        "--camel.main.auto-startup=false",
                        "--camel.main.jmx-enabled=false");
    }

    /** Beans are created, and none is started. */
    private static final class StartNothing extends DefaultLifecycleProcessor {

        @Override
        public void onRefresh() {}

        @Override
        public void onClose() {}
    }
}
