/** What readers see: the list, the stream and the page. */
@NullMarked
package org.gibsey.spine.timeline;

import org.jspecify.annotations.NullMarked;
