/** Who calls: a reader, known by a token that its issuer signed. Nothing of it exists where no issuer is set. */
@NullMarked
package org.gibsey.spine.identity;

import org.jspecify.annotations.NullMarked;
