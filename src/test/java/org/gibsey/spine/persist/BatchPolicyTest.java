package org.gibsey.spine.persist;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.Route;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.mockito.Mockito;

/** What a batch may end as, whatever the route it went through did with it. */
class BatchPolicyTest {

    private final CamelContext camel = new DefaultCamelContext();
    private final BatchPolicy policy = new BatchPolicy(
            new OutageLog(Clock.systemUTC()),
            new PersistMetrics(new SimpleMeterRegistry(), Clock.systemUTC()),
            Mockito.mock(Conflicts.class),
            new TurnRows());

    /** A route may be edited into one that loads and loses: a success without a place for every record is none. */
    @Test
    void failsABatchThatTheRouteDidNotPlace() {
        Exchange untouched = polled(2);

        policy.onExchangeDone(route(), untouched);

        assertThat(untouched.isFailed()).isTrue();
        assertThat(untouched.getException()).hasMessageContaining("before each record was stored or dead-lettered");
    }

    @Test
    void failsABatchWhoseLastSliceIsStillOpen() {
        Exchange halfDone = polled(2);
        GiftBatch.in(halfDone).orElseThrow().next();

        policy.onExchangeDone(route(), halfDone);

        assertThat(halfDone.isFailed()).isTrue();
    }

    @Test
    void isContentWhenEverySliceFoundItsPlace() {
        Exchange done = polled(2);
        GiftBatch batch = GiftBatch.in(done).orElseThrow();
        batch.next();
        batch.next();

        policy.onExchangeDone(route(), done);

        assertThat(done.isFailed()).isFalse();
    }

    /** An edited {@code pollTimeoutMs} makes Camel wait for more than one poll before it hands them over. */
    @Test
    void takesAllThatSeveralPollsBrought() {
        Exchange exchange = polled(2, 3, 1);

        GiftBatch batch = GiftBatch.in(exchange).orElseThrow();

        assertThat(batch.next()).extracting(ConsumerRecord::offset).containsExactly(0L, 1L, 2L, 3L, 4L, 5L);
    }

    /** @param polls how many gifts each of them brought */
    private Exchange polled(int... polls) {
        List<Exchange> all = new ArrayList<>();
        long offset = 0;
        for (int gifts : polls) {
            List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
            for (int i = 0; i < gifts; i++) {
                records.add(new ConsumerRecord<>("gift_events", 0, offset++, null, null));
            }
            Exchange polled = new DefaultExchange(camel);
            polled.getMessage().setBody(records);
            all.add(polled);
        }
        Exchange exchange = new DefaultExchange(camel);
        exchange.getExchangeExtension().setFromRouteId("persist-gifts");
        exchange.getMessage().setBody(all);
        policy.onExchangeBegin(route(), exchange);
        return exchange;
    }

    private static Route route() {
        Route route = Mockito.mock(Route.class);
        Mockito.when(route.getRouteId()).thenReturn("persist-gifts");
        return route;
    }
}
