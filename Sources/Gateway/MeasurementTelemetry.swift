import Analysis
import Events
import Logging
import Probes
import Telemetry

/// A measurement was answered, or refused because there was no data.
struct Measured: TelemetryEvent {
    let outcome: MeasurementOutcome
    let origin: AttemptCoordinator.Origin
    let concern: String
    let duration: Duration
    let own: Duration
    var level: Logger.Level { .debug }
    var message: String { "measured" }
    var fields: [(String, String)] { [("status", status), ("repeated", "\(isRepeat)")] }

    private var isRepeat: Bool { origin == .repeated }

    private var status: String {
        switch outcome {
        case .judged(let verdict, _, _): verdict.status.rawValue
        case .unmeasured: "unmeasured"
        }
    }

    static let durationMetric = "bellwether_measurement_duration_seconds"
    static let durationHelp = "From the parsed request to the answer's bytes."

    func record(in registry: PrometheusRegistry) {
        Self.count(status: status, isRepeat: isRepeat, concern: concern, in: registry)
        if !isRepeat {
            registry.count(
                "bellwether_attempts_total",
                help: "Measurements that were evaluated, including those without data.",
                labels: [("concern", concern.isEmpty ? "all" : concern)])
            registry.observe(
                "bellwether_measurement_own_seconds", own / .seconds(1),
                help: "Duration of an attempt without its probes and the wait for the log.",
                buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25])
        }
        registry.observe(Self.durationMetric, duration / .seconds(1), help: Self.durationHelp)
    }

    static func count(
        status: String, isRepeat: Bool, concern: String, by amount: Double = 1,
        in registry: PrometheusRegistry
    ) {
        registry.count(
            "bellwether_measurements_total", by: amount,
            help: "Measurements answered, by verdict; repeats got the frozen bytes.",
            labels: [
                ("status", status), ("repeated", isRepeat ? "true" : "false"),
                ("concern", concern.isEmpty ? "all" : concern),
            ])
    }
}

/// A probe finished or was cancelled.
struct ProbeObserved: TelemetryEvent {
    let result: ProbeResult
    var level: Logger.Level { .trace }
    var message: String { "a probe finished" }
    var fields: [(String, String)] {
        [("probe", result.probe), ("outcome", "\(result.outcome)")]
    }

    func record(in registry: PrometheusRegistry) {
        registry.observe(
            "bellwether_probe_duration_seconds", result.duration / .seconds(1),
            help: "Duration of a probe until it answered or failed.",
            labels: [("probe", result.probe)])
        // Counted by 0 for a probe that answered, so that the series exists before it fails.
        registry.count(
            "bellwether_probe_failures_total", by: result.outcome == .answered ? 0 : 1,
            help: "Probe runs that returned no value.", labels: [("probe", result.probe)])
    }
}

/// An event could not be logged; the answer was sent without it.
struct EventLost: CountedEvent {
    let event: String
    let fault: String
    var level: Logger.Level { .error }
    var message: String { "an event could not be logged; the answer was sent without it" }
    var fields: [(String, String)] { [("event", event), ("fault", fault)] }

    static let counter = (
        name: "bellwether_events_lost_total",
        help: "Events of this node that could not be logged."
    )
}

/// The log was slower than the budget; the answer was sent before the event was durable.
struct EventLate: CountedEvent {
    let event: String
    let waited: Duration
    var level: Logger.Level { .warning }
    var message: String { "the log is slow; an answer was sent before its event was durable" }
    var fields: [(String, String)] { [("event", event), ("waited", "\(waited)")] }

    static let counter = (
        name: "bellwether_events_late_total",
        help: "Answers that were sent before their event was durable."
    )
}

/// Checkpoints could not be read; the attempts are restored from the log as far as it reaches.
struct CheckpointsUnreadable: TelemetryEvent {
    let count: Int
    let fault: String
    var level: Logger.Level { .error }
    var message: String {
        "attempt checkpoints could not be read; attempts are restored from the log"
    }
    var fields: [(String, String)] { [("series", "\(count)"), ("fault", fault)] }
}
