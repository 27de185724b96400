/** Spans of requests, sends and statements, for an OpenTelemetry receiver. */
@NullMarked
package org.gibsey.spine.tracing;

import org.jspecify.annotations.NullMarked;
