package org.gibsey.spine.http;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.gibsey.spine.ClientShares;
import org.jspecify.annotations.Nullable;

/**
 * What answers may take of the heap, while they are made and while they wait for their readers. The size of an answer is known
 * only once it is made, so only some are made at a time, and most of that time is the database's. While they are sent their bytes
 * are counted, because a reader can be slow. Clients share both. Thread-safe.
 */
final class AnswerMemory {

    /** Share of the heap for either. */
    private static final double OF_THE_HEAP = 0.125;

    /** Rows, texts and bytes of the longest page of the list. */
    private static final int MAKING_BYTES = 4 << 20;

    /** One client has a quarter of the places at most, or one: two whose reads are slow leave room for others. */
    private static final int OF_A_CLIENT = 4;

    /** What the connection has a buffer for anyway. */
    private static final int SMALL_BYTES = 16 << 10;

    /** As long as a connection to the database is waited for. */
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(3);

    private final Semaphore making;
    private final ClientTurns makingOfAClient;
    private final ClientShares sending;
    private final ClientShares calls;

    /**
     * @param heap        bytes
     * @param connections to the database, for all that this process does: each answer in the making may have one, and is slow
     *                    when its reader wants that
     * @param calls       the places of the calls that are answered
     */
    AnswerMemory(long heap, int connections, ClientShares calls) {
        this.calls = calls;
        long room = (long) (heap * OF_THE_HEAP);
        int places = (int) Math.max(1, Math.min(room / MAKING_BYTES, Math.max(2, connections / 2)));
        this.making = new Semaphore(places, true);
        this.makingOfAClient = new ClientTurns(Math.max(1, places / OF_A_CLIENT));
        this.sending = new ClientShares(room);
    }

    /**
     * A place to make an answer. Waits a moment for it.
     *
     * @throws Refused if none became free
     */
    Place begin(String client) throws Refused {
        long end = System.nanoTime() + PATIENCE_NANOS;
        Semaphore own = makingOfAClient.await(client, end);
        if (own == null) {
            throw Refused.busy();
        }
        if (!ClientTurns.isTaken(making, end)) {
            own.release();
            throw Refused.busy();
        }
        return new Place(client, own);
    }

    /** A place for an answer that is small while it is made. */
    Place beginSmall(String client) {
        return new Place(client, null);
    }

    /** What one answer has of the memory. Used by one thread. */
    final class Place implements AutoCloseable {

        private final String client;
        private @Nullable Semaphore own;
        private int bytes;

        /** @param own places of the client; null for an answer that takes none while it is made */
        private Place(String client, @Nullable Semaphore own) {
            this.client = client;
            this.own = own;
        }

        /**
         * The answer is made, and is sent now.
         *
         * @throws Refused if too many bytes wait for their readers
         */
        void send(int length) throws Refused {
            if (length > SMALL_BYTES) {
                Refused.unlessTaken(sending.take(client, length), calls);
                bytes = length;
            }
            endMaking();
        }

        private void endMaking() {
            if (own != null) {
                making.release();
                own.release();
                own = null;
            }
        }

        @Override
        public void close() {
            endMaking();
            if (bytes > 0) {
                sending.leave(client, bytes);
                bytes = 0;
            }
        }
    }
}
