/** What is shipped around the application, checked without a cluster, and but for {@code EngineIT} without a container engine. */
@NullMarked
package org.gibsey.spine.ship;

import org.jspecify.annotations.NullMarked;
