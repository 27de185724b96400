/** What the management port has beside the endpoints: the operators' page, and a guard against other sites' pages. */
@NullMarked
package org.gibsey.spine.management;

import org.jspecify.annotations.NullMarked;
