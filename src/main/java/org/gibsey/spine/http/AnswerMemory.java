package org.gibsey.spine.http;

import jakarta.servlet.http.HttpServletRequest;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.gibsey.spine.ClientShares;
import org.gibsey.spine.identity.Caller;

/**
 * What answers may take of the heap, while they are made and while they wait for their readers. How large an answer is, is
 * known when it has been made, so only some are made at a time; what they need while they are sent is counted in bytes, because
 * a reader can take its time. Clients share both. Thread-safe.
 */
final class AnswerMemory {

    /** Share of the heap for either. */
    private static final double OF_THE_HEAP = 0.125;

    /** Rows, texts and bytes of the longest page of the list. */
    private static final int MAKING_BYTES = 4 << 20;

    /** What the connection has a buffer for anyway. */
    private static final int SMALL_BYTES = 16 << 10;

    /** As long as a connection to the database is waited for. */
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(3);

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition made = lock.newCondition();
    private final ClientShares making;
    private final ClientShares sending;
    private final ClientShares calls;

    /**
     * @param heap  bytes
     * @param calls the places of the calls that are answered
     */
    AnswerMemory(long heap, ClientShares calls) {
        this.calls = calls;
        long room = (long) (heap * OF_THE_HEAP);
        this.making = new ClientShares(Math.max(1, room / MAKING_BYTES));
        this.sending = new ClientShares(room);
    }

    /**
     * A place to make an answer. Waits a moment for it.
     *
     * @throws Refused if none became free
     */
    Place begin(HttpServletRequest request) throws Refused {
        String client = Caller.client(request);
        lock.lock();
        try {
            long rest = PATIENCE_NANOS;
            while (making.take(client, 1) != ClientShares.Outcome.TAKEN) {
                if (rest <= 0) {
                    throw new Refused(Problem.busy());
                }
                rest = made.awaitNanos(rest);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Refused(Problem.stopped());
        } finally {
            lock.unlock();
        }
        return new Place(client, true);
    }

    /** A place for an answer that is small while it is made. */
    Place beginSmall(HttpServletRequest request) {
        return new Place(Caller.client(request), false);
    }

    /** What one answer has of the memory. Used by one thread. */
    final class Place implements AutoCloseable {

        private final String client;
        private boolean isMaking;
        private int bytes;

        private Place(String client, boolean isMaking) {
            this.client = client;
            this.isMaking = isMaking;
        }

        /**
         * The answer is made, and is sent now.
         *
         * @throws Refused if too many bytes wait for their readers
         */
        void send(int length) throws Refused {
            if (length > SMALL_BYTES) {
                Problem problem = Problem.of(sending.take(client, length), calls);
                if (problem != null) {
                    throw new Refused(problem);
                }
                bytes = length;
            }
            endMaking();
        }

        private void endMaking() {
            if (isMaking) {
                isMaking = false;
                lock.lock();
                try {
                    making.leave(client, 1);
                    // who waits may be a client with its share
                    made.signalAll();
                } finally {
                    lock.unlock();
                }
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
