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
        /** Of a change, whatever became of it. */
        HISTORY,
        DEAD_LETTER
    }

    /**
     * Where an event ended.
     *
     * @param id of its row there
     */
    record Account(Place place, long id) {}

    /** Of those that ended somewhere; one that died and was stored after all is not a dead letter. */
    Map<UUID, Account> of(Collection<UUID> events) {
        Map<UUID, Account> found = new HashMap<>();
        vault.sql("""
                        select wanted.event_id, coalesce(v.id, c.id, d.id) as id,
                               case when v.id is not null then 'VAULT'
                                    when c.id is not null then 'HISTORY' else 'DEAD_LETTER' end as place
                          from unnest(:events::uuid[]) as wanted(event_id)
                          left join vault v on v.event_id = wanted.event_id
                          left join gift_change c on c.change_id = wanted.event_id
                          left join dead_letter d on d.event_id = wanted.event_id
                         where coalesce(v.id, c.id, d.id) is not null
                        """)
                .param(
                        "events",
                        events.stream().distinct().map(UUID::toString).collect(Collectors.joining(",", "{", "}")))
                .query(row -> {
                    found.put(
                            row.getObject("event_id", UUID.class),
                            new Account(Place.valueOf(row.getString("place")), row.getLong("id")));
                });
        return found;
    }
}
