package org.gibsey.spine.liveroutes;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.apache.camel.Route;
import org.apache.camel.model.ProcessorDefinitionHelper;
import org.apache.camel.model.RouteDefinition;
import org.apache.camel.model.UnmarshalDefinition;
import org.apache.camel.model.dataformat.CustomDataFormat;
import org.apache.camel.util.StringHelper;
import org.gibsey.spine.http.AcceptGift;
import org.gibsey.spine.liveroutes.LiveFile.Edit;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.stereotype.Component;

/** Which content of each route file runs, and what became of the last edit: {@code /actuator/liveroutes}, and over JMX. */
@Component
@Endpoint(id = "liveroutes")
class LiveRoutesEndpoint {

    private final CamelContext camel;
    private final LiveRoutes routes;
    private final RequiredRoutes required;
    private final RouteFolder folder;

    LiveRoutesEndpoint(CamelContext camel, LiveRoutes routes, RequiredRoutes required, RouteFolder folder) {
        this.camel = camel;
        this.routes = routes;
        this.required = required;
        this.folder = folder;
    }

    /**
     * @param folderProblem why they cannot be read at the moment, or null
     * @param missing       required routes that do not run
     * @param saves         whether a route of this process takes saves
     * @param stores        whether one stores them
     */
    record Report(
            String pattern,
            @Nullable String folderProblem,
            Collection<String> missing,
            boolean saves,
            boolean stores,
            List<File> files) {}

    /**
     * @param revision    of the content that runs; null when none does
     * @param activeSince when it went live, UTC
     * @param notTaken    the content the file has now, when it is another, and why it does not run
     */
    record File(
            String file,
            @Nullable String revision,
            @Nullable Instant activeSince,
            List<RouteState> routes,
            @Nullable Edit notTaken) {}

    /**
     * @param stoppedSince when it was first seen not to run, UTC; null while it runs
     * @param from         kind of its input, such as {@code kafka} or {@code timer}; null while there is no such route
     */
    record RouteState(
            String id,
            String state,
            @Nullable String description,
            @Nullable Instant stoppedSince,
            @Nullable String from) {}

    @ReadOperation
    public Report report() {
        return new Report(
                folder.pattern(),
                routes.folderProblem(),
                required.missing(),
                definitions().anyMatch(route -> !AcceptGift.stepsOf(route).isEmpty()),
                definitions().anyMatch(LiveRoutesEndpoint::stores),
                routes.files().entrySet().stream().map(this::file).toList());
    }

    private Stream<RouteDefinition> definitions() {
        return camel.getRoutes().stream().map(Route::getRoute).map(RouteDefinition.class::cast);
    }

    /** The events of gifts are decoded in order to be stored, and for nothing else. */
    private static boolean stores(RouteDefinition route) {
        return ProcessorDefinitionHelper.filterTypeInOutputs(route.getOutputs(), UnmarshalDefinition.class).stream()
                .anyMatch(step -> step.getDataFormatType() instanceof CustomDataFormat format
                        && "giftEvents".equals(format.getRef()));
    }

    private File file(Map.Entry<String, LiveFile> entry) {
        LiveFile file = entry.getValue();
        RehearsedFile running = file.running();
        return new File(
                entry.getKey(),
                running == null ? null : running.file().revision(),
                file.since(),
                running == null
                        ? List.of()
                        : running.routeIds().stream().map(this::route).toList(),
                file.edit());
    }

    private RouteState route(String id) {
        String state = required.state(id);
        Route route = camel.getRoute(id);
        return new RouteState(
                id,
                state,
                route == null ? null : route.getDescription(),
                required.stoppedSince(id),
                route == null ? null : StringHelper.before(route.getEndpoint().getEndpointUri(), ":"));
    }
}
