/** How fast, how small, how soon: measured beside others, so that anyone can repeat it ({@code mvn -Pbench verify}). */
@NullMarked
package org.gibsey.spine.bench;

import org.jspecify.annotations.NullMarked;
