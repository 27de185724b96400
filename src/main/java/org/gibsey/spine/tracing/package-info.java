/** Traces: an id in every log line of a request, and spans for an OpenTelemetry receiver. */
@NullMarked
package org.gibsey.spine.tracing;

import org.jspecify.annotations.NullMarked;
