/**
 * What the management port has beside the endpoints: the operators' page, who may do what,
 * and the guards of both its doors, HTTP and JMX.
 */
@NullMarked
package org.gibsey.spine.management;

import org.jspecify.annotations.NullMarked;
