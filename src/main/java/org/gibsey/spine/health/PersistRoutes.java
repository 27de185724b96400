package org.gibsey.spine.health;

import java.util.List;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.apache.camel.Route;
import org.apache.camel.component.kafka.KafkaConfiguration;
import org.apache.camel.component.kafka.KafkaEndpoint;
import org.springframework.stereotype.Component;

/**
 * The part of this process's role that decides what it needs: routes that bring batches from Kafka to the database. Asked
 * anew each time, because routes can be edited while they run. Thread-safe.
 */
@Component
public final class PersistRoutes {

    private final CamelContext camel;

    PersistRoutes(CamelContext camel) {
        this.camel = camel;
    }

    /**
     * Such a route.
     *
     * @param status as Camel names it: Started, Stopped, Suspended
     */
    public record PersistRoute(String id, String topic, String group, String status) {

        boolean started() {
            return status.equals("Started");
        }

        boolean reads(String of, String as) {
            return topic.equals(of) && group.equals(as);
        }
    }

    public List<PersistRoute> all() {
        return camel.getRoutes().stream()
                .filter(PersistRoutes::persists)
                .flatMap(this::describe)
                .toList();
    }

    /** Whether this process stores anything at all; an API that does not is ready without a database. */
    boolean any() {
        return camel.getRoutes().stream().anyMatch(PersistRoutes::persists);
    }

    /** Whether a route of this process reads from a topic or writes to it. */
    public boolean uses(String topic) {
        return endpoints(topic).findAny().isPresent();
    }

    /** Whether a route of this process writes to a topic. */
    boolean writes(String topic) {
        return endpoints(topic)
                .anyMatch(kafka ->
                        camel.getRoutes().stream().map(Route::getEndpoint).noneMatch(input -> input.equals(kafka)));
    }

    private Stream<KafkaEndpoint> endpoints(String topic) {
        return camel.getEndpoints().stream()
                .filter(KafkaEndpoint.class::isInstance)
                .map(KafkaEndpoint.class::cast)
                .filter(kafka -> topic.equals(kafka.getConfiguration().getTopic()));
    }

    private static boolean persists(Route route) {
        return route.getEndpoint() instanceof KafkaEndpoint kafka
                && kafka.getConfiguration().isBatching();
    }

    /** Nothing of a route that an edit has removed meanwhile, which has no status any more. */
    private Stream<PersistRoute> describe(Route route) {
        KafkaConfiguration kafka = ((KafkaEndpoint) route.getEndpoint()).getConfiguration();
        return Stream.ofNullable(camel.getRouteController().getRouteStatus(route.getId()))
                .map(status -> new PersistRoute(route.getId(), kafka.getTopic(), kafka.getGroupId(), status.name()));
    }
}
