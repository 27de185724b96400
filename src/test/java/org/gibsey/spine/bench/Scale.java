package org.gibsey.spine.bench;

import java.time.Duration;
import java.util.List;

/**
 * How much of everything a run does.
 *
 * @param repeats      of each measurement, interleaved between the candidates
 * @param warmUp       before the first measurement of a candidate
 * @param lead         at the beginning of each, not counted
 * @param measured     of each
 * @param queued       gifts in the topic that is drained
 * @param queuedLead   of these, drained before the measurement begins
 * @param queuedNaive  gifts for the candidate that writes one row at a time
 * @param queuedCurve  gifts for each point of a curve
 * @param rows         sizes of the table whose list is read, ascending
 * @param streams      open timelines, ascending
 */
record Scale(
        int repeats,
        Duration warmUp,
        Duration lead,
        Duration measured,
        int queued,
        int queuedLead,
        int queuedNaive,
        int queuedCurve,
        List<Integer> rows,
        List<Integer> streams) {

    static Scale full() {
        return new Scale(
                3,
                Duration.ofSeconds(25),
                Duration.ofSeconds(1),
                Duration.ofSeconds(5),
                600_000,
                100_000,
                20_000,
                150_000,
                List.of(1_000_000, 5_000_000, 10_000_000),
                List.of(100, 1_000, 5_000));
    }

    /** As little as shows that every part works. */
    static Scale smoke() {
        Duration moment = Duration.ofMillis(300);
        return new Scale(1, moment, moment, moment, 8000, 2500, 300, 8000, List.of(1000), List.of(10));
    }
}
