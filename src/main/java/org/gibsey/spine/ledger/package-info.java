/** The audit of events: whether each event of the topic is a row, a dead letter or in flight. */
@NullMarked
package org.gibsey.spine.ledger;

import org.jspecify.annotations.NullMarked;
