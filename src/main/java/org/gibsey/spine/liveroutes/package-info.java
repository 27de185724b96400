/**
 * The guard over the route files: an edit is rehearsed before it goes live, refused with a reason when it is not sound, and
 * swapped in without failing a request when it is.
 */
@NullMarked
package org.gibsey.spine.liveroutes;

import org.jspecify.annotations.NullMarked;
