/** People who mean harm: what each of them does to real processes, beside a reader who saves all the while. */
@NullMarked
package org.gibsey.spine.hostile;

import org.jspecify.annotations.NullMarked;
