package org.gibsey.spine.broker;

import org.apache.kafka.clients.admin.Admin;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.stereotype.Component;

/**
 * The one admin client of everything here that looks at the broker: it keeps its connection and finds the broker again by
 * itself. A client for each look would be a storm of connections, worst while the broker struggles. Thread-safe.
 */
@Component
public final class BrokerAdmin implements DisposableBean {

    /** How long one question may take, in ms; below the ten seconds in which an outage has to show. */
    private static final int TIMEOUT_MS = 3_000;

    private final KafkaConnection kafka;
    private @Nullable Admin admin;

    BrokerAdmin(KafkaConnection kafka) {
        this.kafka = kafka;
    }

    /**
     * The client, made on first use.
     *
     * @throws org.apache.kafka.common.KafkaException if it cannot be made, as when no bootstrap server has an address
     */
    public synchronized Admin get() {
        if (admin == null) {
            admin = kafka.admin(TIMEOUT_MS);
        }
        return admin;
    }

    @Override
    public synchronized void destroy() {
        if (admin != null) {
            admin.close();
        }
    }
}
