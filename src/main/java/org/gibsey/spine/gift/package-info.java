/** What a gift is: its fields, its identity, its JSON. Knows neither Camel nor Spring. */
@NullMarked
package org.gibsey.spine.gift;

import org.jspecify.annotations.NullMarked;
