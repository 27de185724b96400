package org.gibsey.spine.ops;

/**
 * Where a consumer group stands in a partition. Offsets.
 *
 * @param first first one retained
 * @param next  first one not committed
 * @param end   the one the next record will get
 */
record Position(long first, long next, long end) {

    /** Records not committed; those that transactions leave out included, so at most a few too many. */
    long waiting() {
        return end - next;
    }
}
