package org.gibsey.spine.health;

import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What {@code /actuator/prometheus} answered at one moment. */
final class Scrape {

    private static final Pattern LABEL = Pattern.compile("(\\w+)=\"((?:[^\"\\\\]|\\\\.)*)\"");

    private final Set<String> series;

    private Scrape(Set<String> series) {
        this.series = series;
    }

    static Scrape parse(String text) {
        return new Scrape(text.lines()
                .filter(line -> !line.startsWith("#") && !line.isBlank())
                .map(line -> line.substring(0, line.lastIndexOf(' ')))
                .collect(Collectors.toCollection(TreeSet::new)));
    }

    /** Each with its labels. */
    Set<String> series() {
        return series;
    }

    Set<String> metrics() {
        return series.stream().map(Scrape::metric).collect(Collectors.toCollection(TreeSet::new));
    }

    /** Names of the labels its series have; empty when there are none. */
    Set<String> labels(String metric) {
        return labelsOf(metric).map(label -> label.group(1)).collect(Collectors.toCollection(TreeSet::new));
    }

    /** What a label of a metric can be, as far as it has been seen. */
    Set<String> values(String metric, String label) {
        return labelsOf(metric)
                .filter(found -> found.group(1).equals(label))
                .map(found -> found.group(2))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private Stream<MatchResult> labelsOf(String metric) {
        return series.stream()
                .filter(one -> metric(one).equals(metric))
                .map(LABEL::matcher)
                .flatMap(Matcher::results);
    }

    private static String metric(String series) {
        return series.replaceFirst("\\{.*", "");
    }
}
