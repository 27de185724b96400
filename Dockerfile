# One image for every role: the routes a container loads make it an API or a worker.
# A bare digest says nothing and a bare tag moves: both, renewed together.
FROM maven:3.9.16-eclipse-temurin-25-noble@sha256:93b8a14ea2f412782e4e842651273b4d903e35cc496284f178fbbe2d67d00976 AS build
WORKDIR /build
COPY .mvn .mvn
COPY pom.xml LICENSE ./
COPY src/main src/main
# the runbook, which the operators' page shows
COPY docs/operations.md docs/operations.md
RUN --mount=type=cache,target=/root/.m2 mvn -B -ntp -Dmaven.test.skip -Dspotless.check.skip package
# jars side by side and a thin jar that names them: the only layout whose classes the AOT cache can hold
RUN java -Djarmode=tools -jar target/gift-spine.jar extract --layers --destination layers

FROM eclipse-temurin:25.0.4.1_1-jre-noble@sha256:d9a39a23634650173f1e2bbc176227af9728587ecf0f4b62d53e9355cd7a19ab
WORKDIR /app
# what changes least comes first, so that a new version of the code moves some hundred kB and the cache
COPY --from=build /build/layers/dependencies/ /build/layers/snapshot-dependencies/ ./
COPY --from=build /build/layers/application/ ./
COPY container/ bin/
# a directory to mount over: the routes it holds are loaded, and edits to them apply while the container runs
COPY routes/ routes/

# The heap leaves room for classes, threads and the buffers of network and database in what the container may use: with half of
# 512 MiB, under attack for a quarter of an hour, a process took 537. It begins at a quarter, half of it for the young: were it
# to grow from nothing, what a request needs would be moved to the old, which grows rather than being collected. Half of the
# young is for what survives one collection: long answers in the making would be moved to the old, too, until a full collection
# of 100 ms takes them away. One small collector instead of as many threads as the node has cores; what the compilers needed
# once is given back; a process out of memory ends, and is started again.
ENV JAVA_TOOL_OPTIONS="-XX:MaxRAMPercentage=40 -XX:InitialRAMPercentage=25 -XX:NewRatio=1 -XX:SurvivorRatio=2 -XX:+UseSerialGC \
    -XX:+UseCompactObjectHeaders -XX:TrimNativeHeapInterval=1000 -XX:+ExitOnOutOfMemoryError"
# one JSON object a line, for whoever collects them
ENV LOG_FORMAT=ecs
RUN bin/train java

ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Gift Spine" \
      org.opencontainers.image.description="The event spine of the Gibsey Vault: HTTP to Kafka to PostgreSQL to every open timeline" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.base.name="docker.io/library/eclipse-temurin:25.0.4.1_1-jre-noble"

# nobody of this number owns a file here: the process can write to /tmp and nowhere else, also with a writable file system
USER 65532:65532
# 8000 is public, 8001 is for operators; it answers other machines only with MANAGEMENT_SERVER_ADDRESS=0.0.0.0
EXPOSE 8000 8001
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --start-interval=1s CMD ["bin/healthcheck"]
# a process that ends gracefully needs up to 50 s: give it a grace period of 60 s
# Jars of an operator's own, mounted over extensions/, come last: they add to what is here and replace none of it, and the cache
# holds what it held.
ENTRYPOINT ["java", "-XX:AOTCache=gift-spine.aot", "-cp", "gift-spine.jar:extensions/*", "org.gibsey.spine.SpineApplication"]
