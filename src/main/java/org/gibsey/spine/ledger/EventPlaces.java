package org.gibsey.spine.ledger;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Looks up where events ended, a batch of them in one query. Thread-safe. */
@Component
class EventPlaces {

    private final JdbcClient vault;

    EventPlaces(JdbcClient vault) {
        this.vault = vault;
    }

    /** In which table. */
    enum Place {
        VAULT,
        DEAD_LETTER
    }

    /**
     * Where an event ended.
     *
     * @param id of its row there
     */
    record Account(Place place, long id) {}

    /** Of those that ended somewhere; a gift that died and was stored after all is in the vault. */
    Map<UUID, Account> of(Collection<UUID> events) {
        Map<UUID, Account> found = new HashMap<>();
        vault.sql("""
                        select wanted.event_id, v.id as gift, d.id as letter
                          from unnest(:events::uuid[]) as wanted(event_id)
                          left join vault v on v.event_id = wanted.event_id
                          left join dead_letter d on d.event_id = wanted.event_id
                         where coalesce(v.id, d.id) is not null
                        """)
                .param(
                        "events",
                        events.stream().distinct().map(UUID::toString).collect(Collectors.joining(",", "{", "}")))
                .query(row -> {
                    long gift = row.getLong("gift");
                    boolean stored = !row.wasNull();
                    found.put(
                            row.getObject("event_id", UUID.class),
                            stored
                                    ? new Account(Place.VAULT, gift)
                                    : new Account(Place.DEAD_LETTER, row.getLong("letter")));
                });
        return found;
    }
}
