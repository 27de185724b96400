#!/usr/bin/env python3
"""Takes the schemas in this folder again from where their projects publish them, at the versions below.

The manifests, the compose file and what they ask of each operator are checked against them, offline.

Wants go, java 21 or later, mvn and PyYAML on the path. Descriptions and status are left out, nothing else.
"""
import json
import os
import subprocess
import tempfile

import yaml

KUBERNETES = "k8s.io/kubernetes@v1.37.2"
KEDA = "github.com/kedacore/keda/v2@v2.21.0"
CLOUDNATIVE_PG = "github.com/cloudnative-pg/cloudnative-pg@v1.28.0"
PROMETHEUS_OPERATOR = "github.com/prometheus-operator/prometheus-operator@v0.85.0"
GATEWAY_API = "sigs.k8s.io/gateway-api@v1.4.0"
EXTERNAL_SECRETS = "github.com/external-secrets/external-secrets@v0.20.4"
COMPOSE = "github.com/compose-spec/compose-go/v2@v2.16.2"
STRIMZI = "1.2.0"

HERE = os.path.dirname(os.path.abspath(__file__))
CORE = [
    "core.v1.ConfigMap", "core.v1.Namespace", "core.v1.Secret", "core.v1.Service", "core.v1.ServiceAccount",
    "apps.v1.Deployment", "apps.v1.StatefulSet", "autoscaling.v2.HorizontalPodAutoscaler",
    "networking.v1.NetworkPolicy", "networking.v1.Ingress", "policy.v1.PodDisruptionBudget",
]


def go_module(module):
    answer = subprocess.run(["go", "mod", "download", "-json", module], check=True, capture_output=True, cwd="/")
    return json.loads(answer.stdout)["Dir"]


def maven_artifact(coordinates):
    subprocess.run(["mvn", "-q", "dependency:get", "-Dtransitive=false", "-Dartifact=" + coordinates], check=True)
    group, artifact, version = coordinates.split(":")
    return os.path.join(os.path.expanduser("~/.m2/repository"), group.replace(".", "/"), artifact, version,
                        f"{artifact}-{version}.jar")


def without_descriptions(node):
    if isinstance(node, dict):
        return {key: without_descriptions(value) for key, value in node.items()
                if not (key == "description" and isinstance(value, str))}
    return [without_descriptions(value) for value in node] if isinstance(node, list) else node


def write(name, schema):
    with open(os.path.join(HERE, name + ".json"), "w", encoding="utf-8") as file:
        json.dump(without_descriptions(schema), file, separators=(",", ":"), sort_keys=True)
        file.write("\n")


def definition(path):
    with open(path, encoding="utf-8") as file:
        crd = yaml.safe_load(file)["spec"]
    for version in crd["versions"]:
        if version["storage"]:
            schema = version["schema"]["openAPIV3Schema"]
            schema["properties"].pop("status", None)
            write("_".join([crd["group"], version["name"], crd["names"]["kind"]]), schema)


def kubernetes():
    with open(go_module(KUBERNETES) + "/api/openapi-spec/swagger.json", encoding="utf-8") as file:
        definitions = json.load(file)["definitions"]
    wanted = {}

    def want(name):
        if name in wanted:
            return
        wanted[name] = definitions[name]
        refer(definitions[name])

    def refer(node):
        if isinstance(node, dict):
            if "$ref" in node:
                want(node["$ref"].rsplit("/", 1)[1])
            for value in node.values():
                refer(value)
        elif isinstance(node, list):
            for value in node:
                refer(value)

    for kind in CORE:
        definitions["io.k8s.api." + kind]["properties"].pop("status", None)
        want("io.k8s.api." + kind)
    write("kubernetes", {"definitions": wanted})


def strimzi():
    classpath = os.pathsep.join([maven_artifact("io.strimzi:crd-generator:" + STRIMZI),
                                 maven_artifact("io.strimzi:api:" + STRIMZI)])
    with tempfile.TemporaryDirectory() as folder:
        for kind in ["kafka.Kafka", "nodepool.KafkaNodePool", "topic.KafkaTopic", "user.KafkaUser"]:
            target = os.path.join(folder, kind)
            subprocess.run(["java", "-cp", classpath, "io.strimzi.crdgenerator.CrdGenerator", "--target-kube", "1.30+",
                            "--crd-api-version", "v1", f"io.strimzi.api.kafka.model.{kind}={target}"], check=True)
            definition(target)


def main():
    kubernetes()
    strimzi()
    keda = go_module(KEDA) + "/config/crd/bases/"
    definition(keda + "keda.sh_scaledobjects.yaml")
    definition(keda + "keda.sh_triggerauthentications.yaml")
    definition(go_module(CLOUDNATIVE_PG) + "/config/crd/bases/postgresql.cnpg.io_clusters.yaml")
    prometheus = go_module(PROMETHEUS_OPERATOR) + "/example/prometheus-operator-crd/"
    definition(prometheus + "monitoring.coreos.com_servicemonitors.yaml")
    definition(prometheus + "monitoring.coreos.com_prometheusrules.yaml")
    definition(go_module(GATEWAY_API) + "/config/crd/standard/gateway.networking.k8s.io_httproutes.yaml")
    definition(go_module(EXTERNAL_SECRETS) + "/config/crds/bases/external-secrets.io_externalsecrets.yaml")
    with open(go_module(COMPOSE) + "/schema/compose-spec.json", encoding="utf-8") as file:
        write("compose-spec", json.load(file))


main()
