package org.gibsey.spine.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.gibsey.spine.bench.Report.Figure;
import org.gibsey.spine.bench.Report.Section;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The benchmark itself works: with tiny numbers. */
@Tag("slow")
class BenchSmokeIT {

    @TempDir
    Path folder;

    @Test
    void measuresADrainAndWritesTableDataAndPlot() throws Exception {
        Report report = measured("drain", new Drain(Jvm.own(), Set.of(Drain.ONE, Drain.COPY)));

        assertThat(figures(report)).extracting(Figure::name).contains(Drain.ONE, Drain.COPY);
        assertThat(Files.readString(folder.resolve("plot.svg"))).contains("Gift Spine, 1 consumer");
        assertThat(Report.in(folder).table()).isEqualTo(report.table());
    }

    @Test
    void measuresSavesBesideTheOthers() throws Exception {
        Report report = measured("ingest", new Ingest(Jvm.own()));

        assertThat(figures(report)).extracting(Figure::name).contains("Gift Spine");
        assertThat(report.table())
                .contains("| saves beside Spring MVC to KafkaProducer, " + Jvm.own() + ", 64 connections | ≥ ")
                .contains("| p99 at full rate beside Spring MVC to KafkaProducer, " + Jvm.own()
                        + ", 256 connections | ≤ ");
    }

    @Test
    @Tag("slow")
    void measuresSavesToThreeBrokers() throws Exception {
        Report report = measured("brokers", Ingest.onThreeBrokers(Jvm.own()));

        assertThat(figures(report)).extracting(Figure::name).contains("Gift Spine");
        assertThat(report.table())
                .contains("| saves beside Spring MVC to KafkaProducer, " + Jvm.own()
                        + ", three brokers, 64 connections | ≥ ");
    }

    @Test
    void measuresWhatTokensCost() throws Exception {
        Report report = measured("tokens", new Tokens(Jvm.own()));

        assertThat(report.table()).contains("| saves with tokens that are remembered, of those without | ≥ 0.97 |");
    }

    private Report measured(String section, Benchmark benchmark) throws Exception {
        Report report = Report.in(folder);
        // its processes live for seconds
        try (Rig rig = Rig.start(folder.resolve("rig"), "-XX:TieredStopAtLevel=1")) {
            report.begin(section);
            benchmark.run(rig, Scale.smoke(), report);
        }
        report.write();
        return report;
    }

    private static List<Figure> figures(Report report) {
        List<Figure> figures = report.sections().stream()
                .map(Section::figures)
                .flatMap(List::stream)
                .toList();
        assertThat(figures)
                .allSatisfy(figure -> assertThat(figure.values()).hasSize(1).allMatch(value -> value > 0));
        return figures;
    }
}
