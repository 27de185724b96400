/** What an operator asks: are the broker and the database there, and is the process ready. */
@NullMarked
package org.gibsey.spine.ops;

import org.jspecify.annotations.NullMarked;
