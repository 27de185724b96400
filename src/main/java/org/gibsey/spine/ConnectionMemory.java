package org.gibsey.spine;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many connections the heap has room for. Tomcat keeps some 105 kB for each that has a request in work, and a timeline that
 * does not have its connection to itself has one for hours: without a bound, anybody who opens enough of them would end the process.
 */
public final class ConnectionMemory {

    private static final Logger LOG = LoggerFactory.getLogger(ConnectionMemory.class);
    private static final int BYTES_EACH = 128 << 10;

    private ConnectionMemory() {}

    /**
     * The number that was asked for, or as many as a part of the largest heap holds; then it says so in the log.
     *
     * @param what   what they are, for the log
     * @param wanted as set
     * @param share  of the heap that they may take, 0 to 1
     */
    public static int atMost(String what, int wanted, double share) {
        int room = room(Runtime.getRuntime().maxMemory(), share);
        if (room < wanted) {
            LOG.info("At most {} {} instead of {}: the heap has room for no more", room, what, wanted);
        }
        return Math.min(wanted, room);
    }

    /** @param heap bytes */
    static int room(long heap, double share) {
        return (int) Math.min(Integer.MAX_VALUE, heap * share / BYTES_EACH);
    }
}
