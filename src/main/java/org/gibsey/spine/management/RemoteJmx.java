package org.gibsey.spine.management;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.stereotype.Component;

/**
 * Does not start with a JMX port that anybody may use: over it routes are stopped and dead letters are read. The JVM opens no
 * port unless told to, and asks for a password file then, but it can be told not to ask.
 */
@Component
final class RemoteJmx {

    private static final String AUTHENTICATE = "com.sun.management.jmxremote.authenticate";

    /**
     * @param port         the JVM's own setting; empty: no other machine can connect
     * @param authenticate the JVM's own setting
     */
    RemoteJmx(
            @Value("${com.sun.management.jmxremote.port:}") String port,
            @Value("${" + AUTHENTICATE + ":true}") boolean authenticate) {
        if (!port.isEmpty() && !authenticate) {
            throw new InvalidConfigurationPropertyValueException(
                    AUTHENTICATE,
                    false,
                    "Port " + port
                            + " would let anybody stop routes and read dead letters. Leave it out, and name a file"
                            + " with com.sun.management.jmxremote.password.file.");
        }
    }
}
