package org.gibsey.spine.broker;

/**
 * Where a consumer group stands in a partition. Offsets.
 *
 * @param first first one retained
 * @param next  first one not committed
 * @param end   the one the next record will get
 */
public record Position(long first, long next, long end) {

    /** Records not committed; those that transactions leave out included, so at most a few too many. */
    public long waiting() {
        return end - next;
    }
}
