package org.gibsey.spine.embedded;

import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import javax.management.JMException;
import javax.management.ObjectName;

/** What this JVM holds in memory, after a collection. */
public final class LiveObjects {

    private LiveObjects() {}

    /** How many there are of each class, by its name. */
    public static Map<String, Long> count() throws JMException {
        String histogram = (String) ManagementFactory.getPlatformMBeanServer()
                .invoke(
                        new ObjectName("com.sun.management:type=DiagnosticCommand"),
                        "gcClassHistogram",
                        new Object[] {new String[0]},
                        new String[] {String[].class.getName()});
        // num: instances bytes class (module)
        return histogram
                .lines()
                .map(line -> line.strip().split("\\s+", -1))
                .filter(row -> row.length >= 4 && row[0].endsWith(":"))
                .collect(Collectors.toMap(row -> row[3], row -> Long.parseLong(row[1]), Long::sum, TreeMap::new));
    }
}
