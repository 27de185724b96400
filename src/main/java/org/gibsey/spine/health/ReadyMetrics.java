package org.gibsey.spine.health;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.health.HealthEndpoint;
import org.springframework.boot.actuate.health.Status;
import org.springframework.stereotype.Component;

/** Readiness as a metric: who only scrapes metrics would otherwise never see that a process takes no part. Thread-safe. */
@Component
final class ReadyMetrics implements MeterBinder {

    private final ObjectProvider<HealthEndpoint> health;

    ReadyMetrics(ObjectProvider<HealthEndpoint> health) {
        this.health = health;
    }

    @Override
    public void bindTo(MeterRegistry meters) {
        Gauge.builder("gifts.ready", this, ReadyMetrics::ready)
                .description("1 while this process is ready, else 0")
                .register(meters);
    }

    private double ready() {
        return health.getObject().healthForPath("readiness").getStatus().equals(Status.UP) ? 1 : 0;
    }
}
