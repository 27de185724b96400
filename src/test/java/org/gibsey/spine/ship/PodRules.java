package org.gibsey.spine.ship;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.StreamSupport;

/**
 * How a pod has to be, whatever it does: rights, limits, probes, and how it is replaced. Those of a StatefulSet are broker and database, of
 * others' images.
 */
final class PodRules {

    private static final Set<String> PATHS = Set.of("/actuator/health/liveness", "/actuator/health/readiness");

    private final Complaints broken;
    private final JsonNode workload;
    private final JsonNode pod;

    private PodRules(JsonNode workload) {
        this.broken = new Complaints(Manifests.titleOf(workload) + ": ");
        this.workload = workload;
        this.pod = workload.at("/spec/template/spec");
    }

    /** @return what breaks a rule, in words */
    static List<String> broken(Manifests manifests) {
        return manifests
                .workloads()
                .flatMap(workload -> new PodRules(workload).check().stream())
                .toList();
    }

    private List<String> check() {
        boolean ours = workload.path("kind").asText().equals("Deployment");
        rights();
        if (ours) {
            replacement();
        } else {
            volume();
        }
        for (JsonNode container : pod.path("containers")) {
            rightsOf(container);
            resourcesOf(container);
            if (ours) {
                imageOf(container);
                probesOf(container);
            } else {
                imageOfOthers(container);
                probesOfOthers(container);
            }
        }
        return broken.all();
    }

    private void rights() {
        is("/securityContext/runAsNonRoot", "true", pod);
        is("/securityContext/seccompProfile/type", "RuntimeDefault", pod);
        is("/automountServiceAccountToken", "false", pod);
        is("/enableServiceLinks", "false", pod);
        broken.unless(pod.at("/securityContext/runAsUser").asLong() > 0, "runs as root or as whoever the image says");
        for (String shared : List.of("hostNetwork", "hostPID", "hostIPC")) {
            broken.unless(!pod.path(shared).asBoolean(), "shares %s with the node", shared);
        }
        for (JsonNode volume : pod.path("volumes")) {
            broken.unless(!volume.has("hostPath"), "mounts a folder of the node");
        }
    }

    private void rightsOf(JsonNode container) {
        is("/securityContext/allowPrivilegeEscalation", "false", container);
        is("/securityContext/readOnlyRootFilesystem", "true", container);
        is("/securityContext/capabilities/drop/0", "ALL", container);
        broken.unless(!container.at("/securityContext/privileged").asBoolean(), "is privileged");
        broken.unless(!container.at("/securityContext/capabilities").has("add"), "adds capabilities");
    }

    private void imageOf(JsonNode container) {
        String image = container.path("image").asText();
        broken.unless(
                image.endsWith(":" + Project.version()), "image %s is not of version %s", image, Project.version());
    }

    /** The one of the compose file, so that there is one to keep up to date. */
    private void imageOfOthers(JsonNode container) {
        String composed = Yaml.read(Path.of("docker-compose.yaml"))
                .at("/services/%s/image".formatted(container.path("name").asText()))
                .asText();
        broken.unless(container.path("image").asText().equals(composed), "image is not %s, as in compose", composed);
    }

    private void resourcesOf(JsonNode container) {
        for (String bound : List.of("requests", "limits")) {
            for (String resource : List.of("cpu", "memory")) {
                broken.unless(container.at("/resources/" + bound).has(resource), "has no %s of %s", bound, resource);
            }
        }
        broken.unless(
                container.at("/resources/requests/memory").equals(container.at("/resources/limits/memory")),
                "may be given less memory than it needs");
    }

    private void probesOf(JsonNode container) {
        for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
            JsonNode question = container.path(probe).path("httpGet");
            broken.unless(PATHS.contains(question.path("path").asText()), "has no %s, or of something else", probe);
            broken.unless(hasPort(container, question.path("port").asText()), "%s asks a port there is not", probe);
        }
        broken.unless(
                container.at("/livenessProbe/httpGet/path").asText().endsWith("liveness"),
                "is restarted for what is not its fault");
    }

    private void probesOfOthers(JsonNode container) {
        for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
            JsonNode question = container.path(probe);
            broken.unless(
                    hasPort(container, question.at("/tcpSocket/port").asText())
                            || !question.at("/exec/command").isEmpty(),
                    "has no %s, or it asks a port there is not",
                    probe);
        }
        JsonNode start = container.path("startupProbe");
        broken.unless(
                start.path("periodSeconds").asInt()
                                * start.path("failureThreshold").asInt()
                        >= 1800,
                "is killed while it recovers from a crash");
    }

    /** What it keeps is on a volume of its own, which the user of the pod may write to. */
    private void volume() {
        JsonNode claim = workload.at("/spec/volumeClaimTemplates/0/metadata/name");
        broken.unless(
                StreamSupport.stream(pod.at("/containers/0/volumeMounts").spliterator(), false)
                        .anyMatch(mount -> mount.path("name").equals(claim)),
                "forgets everything with its pod");
        broken.unless(
                pod.at("/securityContext/fsGroup").equals(pod.at("/securityContext/runAsGroup"))
                        && pod.at("/securityContext").has("fsGroup"),
                "may not write to its volume");
        is("/securityContext/fsGroupChangePolicy", "OnRootMismatch", pod);
    }

    private void replacement() {
        is("/spec/strategy/rollingUpdate/maxUnavailable", "0", workload);
        long preStop = pod.at("/containers/0/lifecycle/preStop/sleep/seconds").asLong();
        long routes = Settings.fixed("/camel/main/shutdown-timeout").asLong();
        // Spring's own, which is nowhere set
        long requests = 30;
        broken.unless(
                pod.path("terminationGracePeriodSeconds").asLong() >= preStop + routes + requests,
                "is killed before it has ended: %d s and %d s and %d s",
                preStop,
                routes,
                requests);
        broken.unless(!pod.path("topologySpreadConstraints").isEmpty(), "may be on one node altogether");
        for (JsonNode spread : pod.path("topologySpreadConstraints")) {
            broken.unless(spread.has("labelSelector"), "spreads nothing");
        }
    }

    static boolean hasPort(JsonNode container, String name) {
        return StreamSupport.stream(container.path("ports").spliterator(), false)
                .anyMatch(port -> port.path("name").asText().equals(name));
    }

    private void is(String pointer, String value, JsonNode node) {
        broken.unless(node.at(pointer).asText().equals(value), "%s is not %s", pointer, value);
    }
}
