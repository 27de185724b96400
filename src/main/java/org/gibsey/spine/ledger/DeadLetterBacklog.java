package org.gibsey.spine.ledger;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.broker.KafkaConnection;
import org.gibsey.spine.broker.Positions;
import org.gibsey.spine.broker.Positions.Position;
import org.gibsey.spine.broker.TopicReader;
import org.gibsey.spine.broker.TopicReader.Piece;
import org.gibsey.spine.gift.EventId;
import org.gibsey.spine.health.PersistRoutes;
import org.gibsey.spine.health.PersistRoutes.PersistRoute;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.stereotype.Component;

/**
 * Dead letters that are in their topic and not in the table yet. An event is dead-lettered once the topic has it; while the table
 * is behind, the ledger would take it for lost. Thread-safe.
 */
@Component
final class DeadLetterBacklog implements DisposableBean {

    private static final int FETCH_BYTES = 256 * 1024;

    /** More are not held in memory. */
    private static final int MOST = 100_000;

    private final Positions positions;
    private final PersistRoutes routes;
    private final SpineSettings.Topic settings;
    private final TopicReader reader;

    DeadLetterBacklog(KafkaConnection kafka, Positions positions, PersistRoutes routes, SpineSettings settings) {
        // a letter behind another producer's open transaction is there, though the index may not read it yet
        this.reader = new TopicReader(kafka, "gift-spine-letters", FETCH_BYTES, IsolationLevel.READ_UNCOMMITTED);
        this.positions = positions;
        this.routes = routes;
        this.settings = settings.topic();
    }

    /**
     * Their event ids.
     *
     * @throws TooMany if the index is so far behind that the ledger cannot tell
     */
    Set<UUID> events() throws ExecutionException, InterruptedException, TooMany {
        List<Piece> pieces = new ArrayList<>();
        long waiting = 0;
        for (Map.Entry<TopicPartition, Position> at :
                positions.of(group(), settings.deadLetters()).entrySet()) {
            Position position = at.getValue();
            waiting += position.waiting();
            pieces.add(new Piece(at.getKey(), position.next(), position.end()));
        }
        if (waiting > MOST) {
            throw new TooMany(waiting);
        }
        Set<UUID> events = new HashSet<>();
        reader.read(pieces, letters -> letters.forEach(letter -> events.add(EventId.ofLetter(letter))));
        return events;
    }

    @Override
    public void destroy() {
        reader.close();
    }

    /** That of the route that indexes; an API, which has no such route, goes by the name the route file comes with. */
    private String group() {
        return routes.all().stream()
                .filter(route -> route.topic().equals(settings.deadLetters()))
                .map(PersistRoute::group)
                .findFirst()
                .orElse(settings.deadLettersGroup());
    }

    /** The index is too far behind. */
    static final class TooMany extends Exception {

        TooMany(long waiting) {
            super(waiting
                    + " dead letters wait to be indexed; until route index-dead-letters has caught up it cannot be"
                    + " said whether every event is accounted for");
        }
    }
}
