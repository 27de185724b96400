/** From the topic to the table: batches, faults, retries and offsets. */
@NullMarked
package org.gibsey.spine.persist;

import org.jspecify.annotations.NullMarked;
