import Events
import Telemetry

/// A reader skips a line from now on, because reading it ended the process.
struct LineQuarantined: Happening {
    let line: QuarantinedLine
    let isKept: Bool
    /// The file that keeps such lines.
    let path: String

    var level: Logger.Level { .error }
    var message: String {
        "a line of the event log ended this process again and again; it is skipped from now on: "
            + "report it, with the line from \(path)"
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

    /// Begins with what earlier processes set aside: a line is set aside before the first
    /// scrape of a process, and of a counter that starts anew Prometheus would see no increase.
    static func count(_ lines: Double, reader: LineReader, in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_log_quarantined_total", by: lines,
            help: "Lines of the event log that a reader skips because they ended the process.",
            labels: [("reader", reader.rawValue)])
    }

    static func countUnkept(_ lines: Double, in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_log_quarantined_unkept_total", by: lines,
            help: "Such lines that quarantine/lines.jsonl had no room for.")
    }
}

/// Which lines are skipped could not be written down: the next start finds them out again.
struct QuarantineUnwritten: Happening {
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
