/** The process: what it is made of and how it is set. Each capability lives in a package of its own. */
@NullMarked
package org.gibsey.spine;

import org.jspecify.annotations.NullMarked;
