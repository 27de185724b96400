package org.gibsey.spine.health;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Clock;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.gibsey.spine.Repeating;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.broker.KafkaConnection;
import org.gibsey.spine.http.TopicLimit;
import org.gibsey.spine.identity.RowSecurity;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.actuate.health.HealthEndpoint;
import org.springframework.boot.actuate.health.Status;
import org.springframework.boot.autoconfigure.flyway.FlywayMigrationStrategy;
import org.springframework.boot.autoconfigure.jdbc.DataSourceProperties;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

/** What this process needs and waits for: the broker with its topics, the database with its schema. */
@Configuration(proxyBeanMethods = false)
class Watches {

    /** Away, but readiness does not depend on it: a status that Spring's order does not have is left out of the sum. */
    static final Status NOT_NEEDED =
            new Status("AWAY", "not needed to accept gifts; lists and timelines fail meanwhile");

    /** Up when a gift could be written to both topics. */
    @Bean
    Watch broker(
            KafkaConnection kafka, TopicLimit limit, PersistRoutes routes, SpineSettings settings, Clock steadyClock) {
        return new Watch(
                "Kafka at " + kafka.bootstrapServers(),
                new TopicLook(kafka, settings, limit, routes),
                () -> Status.DOWN,
                steadyClock);
    }

    /**
     * Up when the database answers and its schema is current. Without it a process that stores gifts is not ready,
     * nor one whose readers would see what is another's.
     */
    @Bean
    Watch database(
            DataSource vault,
            DataSourceProperties properties,
            Flyway flyway,
            Adoption adoption,
            RowSecurity rows,
            SpineSettings settings,
            PersistRoutes routes,
            Clock steadyClock) {
        SchemaLook schema =
                new SchemaLook(vault, flyway, adoption, settings.database().migrate());
        return new Watch(
                "PostgreSQL at " + address(properties),
                () -> {
                    schema.look();
                    rows.look();
                },
                () -> routes.any() || rows.isMissing() ? Status.DOWN : NOT_NEEDED,
                steadyClock);
    }

    @Bean
    Repeating brokerWatch(Watch broker) {
        return Repeating.toBeStarted("watch broker", Watch.PAUSE, broker::look);
    }

    @Bean
    Repeating databaseWatch(Watch database) {
        return new Repeating("watch database", Watch.PAUSE, database::look);
    }

    @Bean
    Repeating groupWatchThread(GroupWatch groups) {
        return Repeating.toBeStarted("watch groups", Watch.PAUSE, groups::look);
    }

    @Bean
    Repeating historyThread(History history) {
        return Repeating.toBeStarted("history", Watch.PAUSE, history::look);
    }

    @Bean
    Repeating groupsThread(Groups groups) {
        return Repeating.toBeStarted("groups", Watch.PAUSE, groups::look);
    }

    /** After the routes were loaded, as they tell which topics this process needs: a look before that would miss some. */
    @Bean
    @Order(Ordered.HIGHEST_PRECEDENCE + 1)
    ApplicationRunner startWatchesOfTopics(ConfigurableApplicationContext application, ObjectProvider<Repeating> all) {
        return arguments -> {
            // not when a folder of routes is only checked
            if (application.isRunning()) {
                all.stream().filter(each -> !each.isAutoStartup()).forEach(Repeating::start);
            }
        };
    }

    /** Readiness as a metric: who only scrapes metrics would otherwise never see that a process takes no part. */
    @Bean
    MeterBinder readyMetric(ObjectProvider<HealthEndpoint> health) {
        return meters -> Gauge.builder("gifts.ready", health, Watches::ready)
                .description("1 while this process is ready, else 0")
                .register(meters);
    }

    private static double ready(ObjectProvider<HealthEndpoint> health) {
        return health.getObject().healthForPath("readiness").getStatus().equals(Status.UP) ? 1 : 0;
    }

    /** The schema is brought up to date when the database is there, not when the process starts. */
    @Bean
    FlywayMigrationStrategy migrateLater() {
        return flyway -> {};
    }

    /** The JDBC URL up to its parameters, which may hold a password. */
    private static String address(DataSourceProperties properties) {
        String url = properties.determineUrl();
        return url.replaceFirst("^jdbc:", "").replaceFirst("//[^/@]*@", "//").replaceFirst("\\?.*", "");
    }
}
