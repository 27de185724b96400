/** What is shipped around the application, checked as far as it can be without a container engine or a cluster. */
@NullMarked
package org.gibsey.spine.ship;

import org.jspecify.annotations.NullMarked;
