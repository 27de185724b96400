package org.gibsey.spine.liveroutes;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.stream.Stream;
import org.gibsey.spine.audit.AuditLog;
import org.gibsey.spine.liveroutes.LiveFile.Edit;
import org.gibsey.spine.liveroutes.LiveFile.Outcome;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** Says what became of an edit: one line in the log, one count in {@code route_edits_total}. Thread-safe. */
@Component
class EditReport {

    private static final Logger LOG = LoggerFactory.getLogger(EditReport.class);

    private final MeterProvider<Counter> edits;

    EditReport(MeterRegistry meters) {
        this.edits = Counter.builder("route.edits")
                .description("What became of new, changed and deleted route files")
                .withRegistry(meters);
        // there at 0: Prometheus does not see the first increment of a counter that appears with it
        Stream.of(Outcome.values()).forEach(outcome -> edits.withTag("result", outcome.toString()));
    }

    /** @param before what of the file ran until now, or null */
    void active(RehearsedFile file, @Nullable RehearsedFile before) {
        count(Outcome.ACTIVE);
        audit(AuditLog.Outcome.DONE, file.name(), before, file.file().revision());
        LOG.info(
                "Route file {} revision {} is live: {}",
                file.name(),
                file.file().revision(),
                file.routeIds());
    }

    void removed(RehearsedFile file) {
        count(Outcome.REMOVED);
        audit(AuditLog.Outcome.DONE, file.name(), file, Edit.DELETED);
        LOG.info("Route file {} is gone and its routes with it: {}", file.name(), file.routeIds());
    }

    void notTaken(String name, LiveFile live, Edit edit) {
        count(edit.outcome());
        audit(AuditLog.Outcome.FAILED, name, live.running(), edit.revision());
        LOG.warn(
                "Route file {} revision {} {}, {}: {}",
                name,
                edit.revision(),
                edit.outcome().toString().replace('_', ' '),
                live.running() == null
                        ? "nothing of it runs"
                        : "revision " + live.running().file().revision() + " stays live",
                edit.reasons());
    }

    /** The file has again the content that runs. */
    void withdrawn(RouteFile file) {
        LOG.info("Route file {} is back at revision {}, which is live", file.name(), file.revision());
    }

    void restored(RehearsedFile file) {
        LOG.warn("Routes {} of {} had vanished and run again", file.routeIds(), file.name());
    }

    void notRestored(RehearsedFile file, String reason) {
        LOG.error("Routes {} of {} have vanished and do not start: {}", file.routeIds(), file.name(), reason);
    }

    void unreadable(String reason) {
        LOG.warn("Route files cannot be read, what runs goes on: {}", reason);
    }

    /** A file says neither who wrote it nor from where. */
    private static void audit(AuditLog.Outcome outcome, String file, @Nullable RehearsedFile before, String revision) {
        String from = before == null ? "none" : before.file().revision();
        AuditLog.write("unknown", null, "route-edit", outcome, file + " from revision " + from + " to " + revision);
    }

    private void count(Outcome outcome) {
        edits.withTag("result", outcome.toString()).increment();
    }
}
