package org.gibsey.spine.ship;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Whether a cluster would take the manifests, and whether what it made of them would be what is wanted. */
class ManifestsTest {

    private static final Path OVERLAYS = Path.of("k8s/overlays");
    private static final Map<String, Manifests> RENDERED = new HashMap<>();

    @BeforeAll
    static void render() throws Exception {
        assumeTrue(Kubectl.renders(), "the manifests are not checked: there is no kubectl with kustomize 5");
        for (String overlay : overlays()) {
            RENDERED.put(overlay, Manifests.render(OVERLAYS.resolve(overlay)));
        }
    }

    static List<String> overlays() {
        return Stream.of(requireNonNull(OVERLAYS.toFile().list())).sorted().toList();
    }

    @ParameterizedTest
    @MethodSource("overlays")
    void fitTheirSchemas(String overlay) {
        assertThat(problems(RENDERED.get(overlay))).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("overlays")
    void keepTheRules(String overlay) {
        assertThat(brokenRules(RENDERED.get(overlay), overlay)).isEmpty();
    }

    /** Object, place in it, what is put there (nothing: it is removed), and a word of the complaint. */
    @ParameterizedTest(name = "{0}{1} = {2}")
    @CsvSource(delimiter = '|', textBlock = """
            Deployment/api               | /spec/template/spec/containers/spine/imagePullpolicy      | Always      | imagePullpolicy
            Deployment/api               | /spec/selector                                        | ''          | selector
            Deployment/api               | /spec/template/spec/containers/spine/ports/management/containerPort | "'8001'"   | integer
            Deployment/worker            | /spec/template/spec/containers/spine/env/KAFKA_USER/value          | 3           | string
            Deployment/worker            | /spec/template/spec/containers/spine/name                 | ''          | name
            Service/api                  | /spec/ports/http/port                                    | ''          | port
            PodDisruptionBudget/api      | /spec/maxUnavailabe                                   | 1           | maxUnavailabe
            HorizontalPodAutoscaler/api  | /spec/maxReplicas                                     | ''          | maxReplicas
            NetworkPolicy/api            | /spec/ingres                                          | []          | ingres
            ConfigMap/settings           | /data/KAFKA_CREATE_TOPICS                             | false       | string
            KafkaTopic/gift-events       | /spec/partitions                                      | 0           | minimum
            KafkaTopic/gift-events       | /spec/partition                                       | 6           | partition
            KafkaUser/api                | /spec/authentication/type                             | password    | type
            KafkaNodePool/brokers        | /spec/roles/0                                         | zookeeper   | roles
            Kafka/spine                  | /spec/kafka/replicas                                  | 3           | replicas
            ScaledObject/worker          | /spec/maxReplicas                                     | 6           | maxReplicas
            ScaledObject/worker          | /spec/triggers/0/metadata/lagThreshold                | 20000       | string
            TriggerAuthentication/worker | /spec/env/0/parameter                                 | ''          | parameter
            ServiceMonitor/gift-spine    | /spec/endpoints/0/intervall                           | 15s         | intervall
            Cluster/vault                | /spec/instances                                       | three       | integer
            Cluster/vault                | /spec/postgresql/parameters/max_connections           | 200         | string
            Cluster/vault                | /spec/postgresql/synchronous/numbers                  | 1           | numbers
            PrometheusRule/gift-spine    | /spec/groups/gift-spine/rules/0/expression            | up == 0     | expression
            """)
    void findsWhatTheClusterWouldRefuse(String object, String place, String value, String complaint) {
        Manifests brokenCopy = RENDERED.get("production").copy();
        brokenCopy.edit(object, place, value);

        assertThat(problems(brokenCopy))
                .anySatisfy(problem -> assertThat(problem).contains(complaint));
    }

    @ParameterizedTest(name = "{0}{1} = {2}")
    @CsvSource(delimiter = '|', textBlock = """
            Deployment/api         | /spec/template/spec/securityContext/runAsNonRoot                      | false              | runAsNonRoot
            Deployment/api         | /spec/template/spec/securityContext/runAsUser                         | 0                  | runs as root
            Deployment/api         | /spec/template/spec/securityContext/seccompProfile                    | ''                 | RuntimeDefault
            Deployment/api         | /spec/template/spec/automountServiceAccountToken                      | true               | automountServiceAccountToken
            Deployment/api         | /spec/template/spec/enableServiceLinks                                | true               | enableServiceLinks
            Deployment/api         | /spec/template/spec/hostNetwork                                       | true               | shares hostNetwork
            Deployment/api         | /spec/template/spec/volumes/tmp/hostPath | {path: /} | folder of the node
            Deployment/worker      | /spec/template/spec/containers/spine/securityContext/readOnlyRootFilesystem | false            | readOnlyRootFilesystem
            Deployment/worker      | /spec/template/spec/containers/spine/securityContext/allowPrivilegeEscalation | true           | allowPrivilegeEscalation
            Deployment/worker      | /spec/template/spec/containers/spine/securityContext/capabilities/drop    | []                 | drop
            Deployment/worker      | /spec/template/spec/containers/spine/securityContext/capabilities/add     | [NET_RAW]          | adds capabilities
            Deployment/worker      | /spec/template/spec/containers/spine/securityContext/privileged           | true               | is privileged
            Deployment/worker      | /spec/template/spec/containers/spine/image                                | gift-spine:latest  | not of version
            Deployment/worker      | /spec/template/spec/containers/spine/resources/limits/cpu                 | ''                 | no limits of cpu
            Deployment/worker      | /spec/template/spec/containers/spine/resources/requests/memory            | 64Mi               | less memory
            Deployment/worker      | /spec/template/spec/containers/spine/startupProbe                         | ''                 | has no startupProbe
            Deployment/worker      | /spec/template/spec/containers/spine/livenessProbe/httpGet/path           | /actuator/health/readiness | not its fault
            Deployment/worker      | /spec/template/spec/containers/spine/readinessProbe/httpGet/port          | http               | asks a port
            Deployment/worker      | /spec/strategy/rollingUpdate/maxUnavailable                           | 1                  | maxUnavailable
            Deployment/api         | /spec/template/spec/terminationGracePeriodSeconds                     | 30                 | killed before
            Deployment/api         | /spec/template/spec/topologySpreadConstraints                         | []                 | one node
            Deployment/api         | /spec/template/spec/topologySpreadConstraints/0/labelSelector         | ''                 | spreads nothing
            Deployment/api         | /spec/selector/matchLabels/app.kubernetes.io~1component               | web                | its own pods
            Deployment/api         | /spec/template/spec/serviceAccountName                                | default            | has no account
            Deployment/worker      | /spec/template/spec/containers/spine/env/KAFKA_USER/name                           | KAFKA_USERNAME     | nothing reads
            ConfigMap/settings     | /data/KAFKA_BOOTSTRAP                                                 | kafka:9092         | nothing reads
            Deployment/worker      | /spec/template/spec/containers/spine/envFrom/0/configMapRef/name          | settings           | which is not there
            Deployment/worker      | /spec/template/spec/containers/spine/ports/management/containerPort                | 8081               | says port
            ConfigMap/settings     | /data/MANAGEMENT_SERVER_ADDRESS                                       | ''                 | answers no probe
            ConfigMap/settings     | /data/MANAGEMENT_OPEN_METRICS                                         | "'false'"          | gives no metrics
            ConfigMap/settings     | /data/MANAGEMENT_TOKENS                                               | /etc/tokens        | does not start
            Deployment/worker      | /spec/template/spec/volumes/operators/secret/items/0/key              | keys               | nobody makes
            Deployment/worker      | /spec/template/spec/containers/spine/volumeMounts/routes/subPath               | a.camel.yaml       | never sees an edit
            Deployment/worker      | /spec/template/spec/containers/spine/volumeMounts/routes/name                  | route              | no volume
            Deployment/worker      | /spec/template/spec/containers/spine/volumeMounts/routes/mountPath             | /routes            | is loaded by []
            Deployment/worker      | /spec/template/spec/volumes/kafka-ca/secret/secretName                     | kafka-ca           | nobody makes
            KafkaUser/worker       | /metadata/name                                                        | workers            | nobody makes
            Deployment/worker      | /spec/template/spec/containers/spine/volumeMounts/tmp/name                     | routes             | does not mount
            ConfigMap/api-routes   | /kind                                                                 | Secret             | in the repository
            ConfigMap/api-routes   | /data/save-gift.camel.yaml                                            | "- route: {}"      | of the routes folder
            ConfigMap/api-routes   | /data/save-gift.camel.yaml                                            | ''                 | is loaded by []
            ConfigMap/api-routes   | /data/persist-gifts.camel.yaml                                        | "- route: {}"      | is loaded by [
            Service/api            | /spec/selector/app.kubernetes.io~1component                           | web                | selects no pod
            Service/api            | /spec/ports/http/targetPort                                              | web                | not all its pods
            Deployment/api         | /spec/template/spec/containers/spine/lifecycle                            | ''                 | requests still come
            PodDisruptionBudget/api | /spec/selector/matchLabels/app.kubernetes.io~1component              | web                | selects no pod
            PodDisruptionBudget/api | /spec/selector/matchLabels/app.kubernetes.io~1component              | worker             | to one drain
            NetworkPolicy/gift-spine | /spec/policyTypes                                                   | [Ingress]          | limits the Egress
            NetworkPolicy/gift-spine | /spec/podSelector/matchLabels/app.kubernetes.io~1component          | api                | limits the Ingress
            HorizontalPodAutoscaler/api | /spec/scaleTargetRef/name                                        | worker             | one pod only
            NetworkPolicy/api      | /spec/podSelector/matchLabels/app.kubernetes.io~1component            | worker             | opens a port there is not
            NetworkPolicy/gift-spine | /spec/ingress/0/from                                                | ''                 | to everybody
            HorizontalPodAutoscaler/api | /spec/scaleTargetRef/name                                        | web                | scales nothing
            Deployment/api         | /spec/replicas                                                        | 2                  | both say
            ServiceMonitor/gift-spine | /spec/selector/matchLabels/app.kubernetes.io~1component            | web                | watches nothing
            ServiceMonitor/gift-spine | /spec/endpoints/0/port                                             | metrics            | asks a port
            ServiceMonitor/gift-spine | /spec/jobLabel                                                     | ''                 | another job
            PrometheusRule/gift-spine | /spec/groups/gift-spine/rules/0/expr                               | up == 0            | other alerts
            Service/api            | /metadata/namespace                                                   | default            | not everything
            KafkaTopic/gift-events | /spec/topicName                                                       | gifts              | no topic gift_events
            KafkaTopic/gift-events | /spec/replicas                                                        | 1                  | 3 replicas
            KafkaTopic/gift-events | /spec/config/min.insync.replicas                                      | 1                  | fewer than 2
            KafkaTopic/gift-events | /spec/partitions                                                      | 3                  | no partition
            KafkaUser/api          | /spec/authorization/acls/0/operations                                 | [Describe]         | cannot write gifts
            KafkaUser/api          | /spec/authorization/acls/1/resource/name                              | gift_events.dead   | cannot see
            KafkaUser/api          | /spec/authorization/acls/1/operations                                 | [Describe, Write]  | may forge
            KafkaUser/worker       | /spec/authorization/acls/0/operations                                 | [Describe]         | cannot read gifts
            KafkaUser/worker       | /spec/authorization/acls/1/operations                                 | [Describe, Read]   | cannot write dead letters
            KafkaUser/worker       | /spec/authorization/acls/2/resource/name                              | workers            | cannot join
            KafkaUser/api          | /spec/authorization/acls/3/operations                                 | [Describe]         | cannot write changes
            KafkaUser/worker       | /spec/authorization/acls/3/operations                                 | [Describe, Write]  | cannot read changes
            ScaledObject/worker    | /spec/triggers/0/metadata/consumerGroup                               | workers            | another group
            ScaledObject/worker    | /spec/triggers/0/metadata/topic                                       | gifts              | watches gifts
            ScaledObject/worker    | /spec/triggers/0/metadata/bootstrapServers                            | kafka:9092         | other brokers
            Cluster/vault          | /spec/postgresql/parameters/max_connections                           | '100'              | connections may be wanted
            Cluster/vault          | /spec/postgresql/synchronous                                          | ''                 | one server only
            """)
    void findsWhatIsBroken(String object, String place, String value, String complaint) {
        Manifests brokenCopy = RENDERED.get("production").copy();
        brokenCopy.edit(object, place, value);

        assertThat(brokenRules(brokenCopy, "production"))
                .anySatisfy(broken -> assertThat(broken).contains(complaint));
    }

    @ParameterizedTest(name = "{0}{1} = {2}")
    @CsvSource(delimiter = '|', textBlock = """
            Deployment/worker         | /spec/template/spec/containers/spine/livenessProbe/httpGet/scheme | ''         | the livenessProbe of
            Deployment/api            | /spec/template/spec/containers/spine/startupProbe/httpGet/scheme  | HTTP       | the startupProbe of
            ConfigMap/settings        | /data/SPRING_PROFILES_ACTIVE                                      | ''         | the readinessProbe of
            ConfigMap/settings        | /data/MANAGEMENT_TLS                                              | false      | the readinessProbe of
            ServiceMonitor/gift-spine | /spec/endpoints/0/scheme                                          | ''         | Prometheus does not speak
            Deployment/api            | /spec/template/spec/volumes/tls/secret/items/0/key                | server.crt | nobody makes
            """)
    void findsWhatIsBrokenOverTls(String object, String place, String value, String complaint) {
        Manifests brokenCopy = RENDERED.get("tls").copy();
        brokenCopy.edit(object, place, value);

        assertThat(brokenRules(brokenCopy, "tls"))
                .anySatisfy(broken -> assertThat(broken).contains(complaint));
    }

    @ParameterizedTest(name = "{1}{2} = {3}")
    @CsvSource(delimiter = '|', textBlock = """
            ingress | Ingress/api              | /metadata/annotations/nginx.ingress.kubernetes.io~1proxy-read-timeout | '20' | cuts a stream
            ingress | Ingress/api              | /metadata/annotations/nginx.ingress.kubernetes.io~1proxy-buffering    | ''   | holds gifts back
            ingress | Ingress/api              | /spec/rules/0/http/paths/0/backend/service/port/name                  | web  | leads nowhere
            ingress | ConfigMap/settings       | /data/TRUSTED_PROXIES                                                 | ''   | are one to us
            gateway | HTTPRoute/api            | /spec/rules/0/timeouts/request                                        | 60s  | ends a stream
            gateway | HTTPRoute/api            | /spec/rules/0/matches/0/path/value                                    | /x   | ends a stream
            gateway | HTTPRoute/api            | /spec/rules/1/timeouts/request                                        | 10s  | gives up before
            gateway | HTTPRoute/api            | /spec/rules/0/backendRefs/0/port                                      | 8000 | leads nowhere
            gateway | ExternalSecret/passwords | /spec/data/0/secretKey                                                | user | nobody makes
            plain | StatefulSet/kafka    | /spec/template/spec/securityContext/runAsNonRoot                              | false | runAsNonRoot
            plain | StatefulSet/kafka    | /spec/template/spec/securityContext/fsGroup                                   | ''   | write to its volume
            plain | StatefulSet/postgres | /spec/template/spec/securityContext/fsGroupChangePolicy                       | Always | fsGroupChangePolicy
            plain | StatefulSet/postgres | /spec/template/spec/containers/0/securityContext/readOnlyRootFilesystem       | ''   | readOnlyRootFilesystem
            plain | StatefulSet/postgres | /spec/template/spec/containers/0/resources/limits/memory                      | ''   | no limits of memory
            plain | StatefulSet/postgres | /spec/template/spec/containers/0/image                                        | postgres:18 | as in compose
            plain | StatefulSet/postgres | /spec/template/spec/containers/0/readinessProbe                               | ''   | has no readinessProbe
            plain | StatefulSet/kafka    | /spec/template/spec/containers/0/livenessProbe/tcpSocket/port                 | http | a port there is not
            plain | StatefulSet/kafka    | /spec/template/spec/containers/0/startupProbe/failureThreshold                | 30   | recovers from a crash
            plain | StatefulSet/kafka    | /spec/volumeClaimTemplates/0/metadata/name                                    | logs | forgets everything
            plain | StatefulSet/postgres | /spec/template/spec/containers/0/volumeMounts/socket/name                     | run  | which is no volume
            plain | StatefulSet/postgres | /spec/template/spec/containers/0/env/POSTGRES_PASSWORD/valueFrom/secretKeyRef/key | root | nobody makes
            plain | StatefulSet/kafka    | /spec/serviceName                                                             | kafka | have no names
            plain | StatefulSet/kafka    | /spec/template/spec/serviceAccountName                                        | broker | has no account
            plain | StatefulSet/kafka    | /spec/template/metadata/labels/app.kubernetes.io~1name                        | broker | its own pods
            plain | StatefulSet/kafka    | /spec/replicas                                                                | 4    | has no vote
            plain | StatefulSet/kafka    | /spec/template/spec/containers/0/env/KAFKA_LISTENERS/value                    | CLIENTS://:9092 | does not start
            plain | StatefulSet/kafka    | /spec/template/spec/containers/0/env/KAFKA_MIN_INSYNC_REPLICAS/value          | 1 | fewer than 2
            plain | StatefulSet/kafka    | /spec/template/spec/containers/0/env/KAFKA_DEFAULT_REPLICATION_FACTOR/name    | KAFKA_REPLICAS | has not 3 replicas
            plain | StatefulSet/kafka    | /spec/template/spec/containers/0/env/KAFKA_ADVERTISED_LISTENERS/value         | CLIENTS://kafka:9092 | reached where it says
            plain | StatefulSet/postgres | /spec/template/spec/containers/0/args/1                                       | max_connections=100 | connections may be wanted
            plain | ConfigMap/settings   | /data/KAFKA_CREATE_TOPICS                                                     | "'false'" | nobody makes the topics
            plain | ConfigMap/settings   | /data/KAFKA_BOOTSTRAP_SERVERS                                                 | kafka:9093 | nobody is told
            plain | ConfigMap/settings   | /data/VAULT_DB_URL                                                            | jdbc:postgresql://vault:5432/gibsey | nobody is told
            plain | PodDisruptionBudget/kafka | /spec/selector/matchLabels/app.kubernetes.io~1name                       | postgres | to one drain
            plain | Service/brokers      | /spec/ports/controller/targetPort                                             | raft | not all its pods
            plain | NetworkPolicy/postgres | /spec/ingress/0/from                                                        | ''   | is open to everybody
            plain | NetworkPolicy/postgres | /spec/ingress/0/from/0/podSelector/matchLabels/app.kubernetes.io~1name      | spine | knows pods there are not
            plain | NetworkPolicy/kafka  | /spec/policyTypes                                                             | [Ingress] | limits the Egress
            """)
    void findsWhatIsBrokenElsewhere(String overlay, String object, String place, String value, String complaint) {
        Manifests brokenCopy = RENDERED.get(overlay).copy();
        brokenCopy.edit(object, place, value);

        assertThat(brokenRules(brokenCopy, overlay))
                .anySatisfy(broken -> assertThat(broken).contains(complaint));
    }

    @Test
    void findsMoreConnectionsThanThePoolerHas() {
        Manifests brokenCopy = RENDERED.get("minimal").copy();
        brokenCopy.edit("ConfigMap/settings", "/data/VAULT_DB_CONNECTIONS", "'3'");

        assertThat(brokenRules(brokenCopy, "minimal"))
                .anySatisfy(broken -> assertThat(broken).contains("connections may be wanted"));
    }

    private static List<String> problems(Manifests manifests) {
        List<String> problems = new ArrayList<>();
        manifests.all().forEach(object -> {
            for (String problem : Schemas.problemsOfObject(object)) {
                problems.add(Manifests.titleOf(object) + problem);
            }
        });
        return problems;
    }

    private static List<String> brokenRules(Manifests manifests, String overlay) {
        List<String> broken = new ArrayList<>(PodRules.broken(manifests));
        String instructions = Yaml.text(OVERLAYS.resolve(overlay).resolve("kustomization.yaml"));
        broken.addAll(WiringRules.broken(manifests, instructions));
        broken.addAll(CapacityRules.broken(manifests));
        return broken;
    }
}
