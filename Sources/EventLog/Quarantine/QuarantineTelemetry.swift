import Events
import Telemetry

/// A reader starts to skip a line, because reading it ended the process.
struct LineQuarantined: TelemetryEvent {
    let line: QuarantinedLine
    let isKept: Bool
    /// The file with the skipped lines.
    let path: String

    var level: Logger.Level { .error }
    var message: String {
        "reading a line of the event log ended this process repeatedly; it is skipped from now on: "
            + "report this, with the line from \(path)"
    }
    var fields: [(String, String)] {
        [
            ("reader", line.reader.rawValue), ("position", line.end.description),
            ("crashes", "\(line.crashes)"), ("kept", "\(isKept)"),
            ("line_event", line.names?.event ?? ""), ("rollout", line.names?.rollout ?? ""),
        ]
    }

    func record(in registry: PrometheusRegistry) {
        Self.count(1, reader: line.reader, in: registry)
        if !isKept { Self.countUnkept(1, in: registry) }
    }

    /// Starts the counter at the number of lines that earlier processes quarantined.
    ///
    /// A line is quarantined before the first scrape of a process; if the counter started at zero,
    /// Prometheus would see no increase.
    static func count(_ lines: Double, reader: LineReader, in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_log_quarantined_total", by: lines,
            help: "Lines of the event log that a reader skips because they ended the process.",
            labels: [("reader", reader.rawValue)])
    }

    static func countUnkept(_ lines: Double, in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_log_quarantined_unkept_total", by: lines,
            help: "Skipped lines that could not be saved to quarantine/lines.jsonl.")
    }
}

/// The list of skipped lines could not be written: the next start has to detect them again.
struct QuarantineUnwritten: TelemetryEvent {
    let fault: SystemFault

    var level: Logger.Level { .error }
    var message: String { "the list of skipped lines could not be written; check the disk" }
    var fields: [(String, String)] {
        [("path", fault.path), ("fault", "\(fault.call): \(SystemFault.words(fault.code))")]
    }

    func record(in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_log_quarantine_write_failures_total",
            help: "Times the list of skipped lines could not be written.")
    }
}
