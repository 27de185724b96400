/** A real broker and a real database without anything installed: for the embedded run and for the tests. */
@NullMarked
package org.gibsey.spine.embedded;

import org.jspecify.annotations.NullMarked;
