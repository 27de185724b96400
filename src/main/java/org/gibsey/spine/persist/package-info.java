/**
 * From the topic to the table: batches, faults, retries and offsets. Camel calls most of it back; the sequence is:
 *
 * <ol>
 *   <li>{@link BatchConsumer#poll} takes what the broker has, and hands all of it to Camel as one record.
 *   <li>{@link BatchPolicy#onExchangeBegin} makes a {@link GiftBatch} of it, the body of the exchange.
 *   <li>The {@code split} of the route asks the batch for one slice after the other: at first all records are one slice.
 *   <li>{@code unmarshal} with {@link GiftEvents} makes the parameters of the SQL of a slice.
 *   <li>{@code to jdbc} stores the slice in one statement, which is a transaction of its own.
 *   <li>When 4 or 5 fails, {@link PersistErrors} asks {@link Fault} why. For a fault of a message {@link BatchIsolation} writes
 *       dead letters and puts what is left of the slice back into the batch: on with 3. A statement that took too long is
 *       divided as well, and {@link GiftBatch.StatementSize} makes what follows smaller. In any other outage the exchange waits, which
 *       {@link OutageLog} logs and health shows, while {@link BatchConsumer#keepAlive} stays in the group: on with the step that failed.
 *   <li>Where the statement found rows of the same ids, {@link Conflicts} tells redeliveries from other gifts, which become dead
 *       letters.
 *   <li>{@link BatchPolicy#onExchangeDone} reports the offsets to {@link BatchConsumer#stored} when every record is stored or
 *       dead-lettered. A batch that failed reports nothing: Camel reads it again from the committed offset.
 *   <li>The next {@link BatchConsumer#poll} commits the reported offsets, every 50 ms at most; they are committed at once when
 *       partitions go to another worker and on close.
 * </ol>
 *
 * <p>The route of edits, deletes and restores ({@code persist-changes}) goes the same way, with {@link ChangeEvents} in 4 and no
 * part in 7: what is known already changes nothing. So does the route of the dead letters ({@code index-dead-letters}), with the
 * data format of package {@code deadletter} in 4.
 */
@NullMarked
package org.gibsey.spine.persist;

import org.jspecify.annotations.NullMarked;
