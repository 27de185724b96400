/** What readiness and lag know: whether broker, database and consumers do what this process needs. */
@NullMarked
package org.gibsey.spine.health;

import org.jspecify.annotations.NullMarked;
