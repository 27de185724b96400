package org.gibsey.spine.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.gibsey.spine.bench.Report.Figure;
import org.gibsey.spine.bench.Report.Section;

/** Figures as bars in an SVG: one panel for what is comparable, each with its own scale from zero, the spread as a line. */
final class Plot {

    private static final int WIDTH = 960;
    private static final int COLUMN = 480;
    private static final int LABELS = 170;
    private static final int BARS = 200;
    private static final int ROW = 17;
    private static final int TITLE = 30;
    private static final int GAP = 10;

    private Plot() {}

    static String of(List<Section> sections) {
        Map<String, List<Figure>> panels = new LinkedHashMap<>();
        for (Section section : sections) {
            for (Figure figure : section.figures()) {
                panels.computeIfAbsent(figure.group() + ", " + figure.unit(), group -> new ArrayList<>())
                        .add(figure);
            }
        }
        StringBuilder bars = new StringBuilder();
        int[] bottom = {GAP, GAP};
        panels.forEach((title, figures) -> {
            int column = bottom[0] <= bottom[1] ? 0 : 1;
            panel(bars, title, figures, GAP + column * COLUMN, bottom[column]);
            bottom[column] += TITLE + figures.size() * ROW + GAP;
        });
        return """
                <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %1$d %2$d" font-family="sans-serif" font-size="11">
                <style>text{fill:#333} .title{font-weight:bold} rect{fill:#9aa5b1} .ours{fill:#2b6cb0} line{stroke:#333}</style>
                <rect width="%1$d" height="%2$d" style="fill:#fff"/>
                %3$s</svg>
                """.formatted(WIDTH, Math.max(bottom[0], bottom[1]), bars);
    }

    private static void panel(StringBuilder svg, String title, List<Figure> figures, int left, int top) {
        double most = figures.stream().mapToDouble(Figure::most).max().orElseThrow();
        double scale = most > 0 ? BARS / most : 0;
        svg.append("<text class=\"title\" x=\"%d\" y=\"%d\">%s</text>%n".formatted(left, top + 18, escape(title)));
        int y = top + TITLE;
        int bar = left + LABELS;
        for (Figure figure : figures) {
            svg.append("<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>"
                    .formatted(bar - 6, y + 10, escape(figure.name())));
            svg.append("<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"12\"/>"
                    .formatted(figure.name().startsWith("Gift Spine") ? "ours" : "", bar, y, figure.median() * scale));
            svg.append("<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%3$d\" y2=\"%3$d\"/>"
                    .formatted(bar + figure.least() * scale, bar + figure.most() * scale, y + 6));
            svg.append("<text x=\"%.1f\" y=\"%d\">%s</text>%n"
                    .formatted(bar + figure.most() * scale + 5, y + 10, Report.number(figure.median())));
            y += ROW;
        }
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
