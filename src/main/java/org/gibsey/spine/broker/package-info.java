/** How to reach Kafka, and what is known of its topics and consumer groups. */
@NullMarked
package org.gibsey.spine.broker;

import org.jspecify.annotations.NullMarked;
