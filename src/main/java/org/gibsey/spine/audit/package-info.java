/** Who did what to the running system: operators, over HTTP and JMX, and those who edit routes. */
@NullMarked
package org.gibsey.spine.audit;

import org.jspecify.annotations.NullMarked;
