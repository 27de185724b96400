/** The public edge: a request becomes an event on Kafka, or a problem the caller can act on. */
@NullMarked
package org.gibsey.spine.http;

import org.jspecify.annotations.NullMarked;
