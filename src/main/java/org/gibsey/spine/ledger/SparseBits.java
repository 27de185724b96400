package org.gibsey.spine.ledger;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/**
 * A set of numbers that lie mostly side by side, like those of an identity column: about a bit each, so that the ledger of a
 * hundred million rows takes some 12 MB. Not thread-safe.
 */
final class SparseBits {

    private static final int CHUNK_BITS = 16;
    private static final int IN_CHUNK = (1 << CHUNK_BITS) - 1;

    private final Map<Long, BitSet> chunks = new HashMap<>();

    /** @return false if it was there already */
    boolean add(long number) {
        BitSet chunk = chunks.computeIfAbsent(number >> CHUNK_BITS, unused -> new BitSet());
        int bit = (int) (number & IN_CHUNK);
        boolean added = !chunk.get(bit);
        chunk.set(bit);
        return added;
    }
}
