/** Gifts that cannot be stored: kept byte for byte, indexed, and sent again when someone decides so. */
@NullMarked
package org.gibsey.spine.deadletter;

import org.jspecify.annotations.NullMarked;
