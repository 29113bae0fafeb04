import Events
import Telemetry

/// A group of lines became durable.
struct GroupCommitted: TelemetryEvent {
    let lines: Int
    let bytes: Int
    let seconds: Double

    var level: Logger.Level { .trace }
    var message: String { "group committed" }
    var fields: [(String, String)] { [("lines", "\(lines)"), ("bytes", "\(bytes)")] }

    func record(in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_log_lines", by: Double(lines), help: "Lines made durable in the event log.")
        registry.count(
            "bellwether_log_bytes", by: Double(bytes), help: "Bytes of lines made durable.")
        registry.observe(
            "bellwether_log_commit_seconds", seconds,
            help: "Time of one write and sync of the event log.",
            buckets: [0.0001, 0.00025, 0.0005] + PrometheusRegistry.latencyBuckets)
    }
}

/// Lines were received that the log already contains.
struct LinesRepeated: TelemetryEvent {
    let lines: Int

    var level: Logger.Level { .debug }
    var message: String { "duplicate lines dropped" }
    var fields: [(String, String)] { [("lines", "\(lines)")] }

    func record(in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_log_duplicates", by: Double(lines),
            help: "Lines that the event log already held.")
    }
}

/// Lines of a sender were rejected because they are not valid events.
struct LinesRejected: TelemetryEvent {
    let lines: Int
    /// The error of the first one.
    let first: String

    var level: Logger.Level { .debug }
    var message: String { "lines rejected" }
    var fields: [(String, String)] { [("lines", "\(lines)"), ("first", first)] }

    func record(in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_log_rejected", by: Double(lines), help: "Lines that were not events.")
    }
}

/// Lines were not stored: those in `lost` are lost, senders of the others may retry.
struct LinesShed: TelemetryEvent {
    let tally: ShedTally

    var level: Logger.Level { .debug }
    var message: String { "lines shed" }
    var fields: [(String, String)] {
        [
            ("reason", tally.reason.rawValue), ("lost", tally.lost.words),
            ("deferred", "\(tally.deferred)"),
        ]
    }

    func record(in registry: PrometheusRegistry) {
        for kind in LineKind.allCases {
            registry.count(
                "bellwether_log_shed", by: Double(tally.lost[kind]),
                help: "Lines lost because the event log could not keep them.",
                labels: [("reason", tally.reason.rawValue), ("kind", kind.name)])
        }
        registry.count(
            "bellwether_log_deferred", by: Double(tally.deferred),
            help: "Lines whose senders were asked to retry.",
            labels: [("reason", tally.reason.rawValue)])
    }
}

/// Lines were refused because their node exceeded its share of a full log.
struct LinesOverShare: TelemetryEvent {
    let lines: Int

    var level: Logger.Level { .debug }
    var message: String { "lines refused because their node used up its share of the log" }
    var fields: [(String, String)] { [("lines", "\(lines)")] }

    func record(in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_log_over_share", by: Double(lines),
            help: "Lines refused because their node used up its share of a full event log.")
    }
}

/// The log started, changed or stopped shedding low-priority lines because space is short.
struct PressureChanged: TelemetryEvent {
    /// The lowest kind that is kept; nil if all kinds are.
    let keeps: LineKind?

    var level: Logger.Level { keeps == nil ? .notice : .warning }
    var message: String {
        keeps == nil
            ? "event log keeps all lines again" : "event log is shedding low-priority lines"
    }
    var fields: [(String, String)] { keeps.map { [("keeps", $0.name)] } ?? [] }

    func record(in registry: PrometheusRegistry) {
        registry.set(
            "bellwether_log_pressure", to: Double(keeps?.rawValue ?? 0),
            help: "Number of line kinds that the event log sheds for lack of space, 0 to 3.")
    }
}

/// The ballast file was removed to free disk space, or created again.
struct BallastChanged: TelemetryEvent {
    let bytes: Int

    var level: Logger.Level { bytes == 0 ? .warning : .debug }
    var message: String {
        bytes == 0 ? "ballast file removed to free disk space" : "ballast file created"
    }
    var fields: [(String, String)] { [("bytes", "\(bytes)")] }

    func record(in registry: PrometheusRegistry) {
        registry.set(
            "bellwether_log_ballast_bytes", to: Double(bytes),
            help: "Bytes reserved by the ballast file, which is removed when the disk is full.")
    }
}

/// The log started or stopped refusing lines, or the reason changed.
struct SheddingChanged: TelemetryEvent {
    let reason: ShedReason?
    /// The system's error; empty if no call failed.
    let detail: String

    var level: Logger.Level { reason == nil ? .notice : .error }
    var message: String {
        reason == nil ? "event log accepts lines again" : "event log refuses lines"
    }
    var fields: [(String, String)] {
        guard let reason else { return [] }
        return [("reason", reason.rawValue)] + (detail.isEmpty ? [] : [("detail", detail)])
    }

    func record(in registry: PrometheusRegistry) {
        registry.set(
            "bellwether_log_shedding", to: reason == nil ? 0 : 1,
            help: "Whether the event log refuses lines.")
    }
}

/// A segment was compressed and its plain file removed.
struct SegmentSealed: TelemetryEvent {
    let name: String
    let lines: Int
    let plainBytes: Int
    let packedBytes: Int
    let seconds: Double

    var level: Logger.Level { .debug }
    var message: String { "segment sealed" }
    var fields: [(String, String)] {
        [
            ("segment", name), ("lines", "\(lines)"), ("bytes", "\(plainBytes)"),
            ("packed", "\(packedBytes)"),
        ]
    }

    func record(in registry: PrometheusRegistry) {
        registry.count("bellwether_log_segments_sealed", help: "Segments of the log compressed.")
        registry.observe(
            "bellwether_log_seal_seconds", seconds, help: "Time to compress one segment.",
            buckets: [0.01, 0.1, 0.5, 1, 2, 5, 10, 30])
    }
}

/// A segment could not be compressed; it stays plain, and sealing is retried.
struct SealingFailed: CountedEvent {
    let name: String
    let detail: String

    var level: Logger.Level { .warning }
    var message: String { "segment could not be sealed" }
    var fields: [(String, String)] { [("segment", name), ("detail", detail)] }

    static let counter = (
        name: "bellwether_log_seal_failures",
        help: "Failed attempts to seal a segment."
    )
}

/// An archive was removed because of its age or for space.
struct ArchiveRemoved: TelemetryEvent {
    enum Why: String, Sendable, CaseIterable {
        case quota
        case minFree = "min_free"
        case age
    }

    let name: String
    let lines: Int
    /// Bytes of its lines.
    let bytes: Int
    let why: Why

    var level: Logger.Level { .info }
    var message: String { "archive removed" }
    var fields: [(String, String)] {
        [("segment", name), ("lines", "\(lines)"), ("why", why.rawValue)]
    }

    func record(in registry: PrometheusRegistry) {
        Self.count(archives: 1, lines: lines, bytes: bytes, why, in: registry)
    }

    static func count(
        archives: Int, lines: Int, bytes: Int, _ why: Why, in registry: PrometheusRegistry
    ) {
        registry.count(
            "bellwether_log_archives_removed", by: Double(archives), help: "Archives removed.",
            labels: [("why", why.rawValue)])
        registry.count(
            "bellwether_log_lines_removed", by: Double(lines),
            help: "Lines in the archives that were removed.", labels: [("why", why.rawValue)])
        registry.count(
            "bellwether_log_bytes_removed", by: Double(bytes),
            help: "Bytes of lines in the archives that were removed.",
            labels: [("why", why.rawValue)])
    }
}

/// Damaged bytes were found.
struct DamageFound: CountedEvent {
    let path: String
    let what: String

    var level: Logger.Level { .error }
    var message: String { "event log damaged" }
    var fields: [(String, String)] { [("path", path), ("what", what)] }

    static let counter = (
        name: "bellwether_log_damage",
        help: "Damaged parts found in the event log."
    )
}

/// Files of the log were removed, truncated or replaced by something other than the log.
struct LogFilesTouched: TelemetryEvent {
    let damage: LogDamage

    var level: Logger.Level { .error }
    var message: String { "event log files were changed outside Bellwether" }
    var fields: [(String, String)] {
        var fields = [("file", damage.file), ("what", damage.what)]
        if let missing = damage.missing {
            fields.append(("from", missing.lowerBound.description))
            fields.append(("to", missing.upperBound.description))
        }
        fields.append(("lines_lost", damage.lines.map { "\($0)" } ?? "unknown"))
        return fields
    }

    func record(in registry: PrometheusRegistry) {
        DamageFound.count(1, in: registry)
        Self.count(lines: damage.lines ?? 0, in: registry)
    }

    static func count(lines: Int, in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_log_lines_lost", by: Double(lines),
            help: "Acknowledged lines that are gone because the event log's files were damaged.")
    }
}

/// Free disk space became too low for the log, or sufficient again.
struct DiskShortChanged: TelemetryEvent {
    /// nil if free space is sufficient again.
    let pressure: DiskPressure?

    var level: Logger.Level { pressure == nil ? .notice : .error }
    var message: String {
        guard let pressure else { return "the disk has enough space for the event log again" }
        return pressure.helps
            ? "disk space is low: the oldest event log segments are removed next"
            : "disk space is low: no event log segments are removed, because that would not help"
    }
    var fields: [(String, String)] {
        guard let pressure else { return [] }
        return [
            ("free", "\(pressure.free)"), ("floor", "\(pressure.floor)"),
            ("history", "\(pressure.history)"), ("kept", "\(pressure.kept)"),
        ]
    }

    func record(in registry: PrometheusRegistry) {
        registry.set(
            "bellwether_log_disk_short", to: pressure == nil ? 0 : 1,
            help: "Whether free disk space is below log.min_free plus the log's expected growth.")
    }
}

/// The log was opened.
struct EventLogOpened: TelemetryEvent {
    let lines: Int
    let tornBytes: Int
    let seconds: Double

    var level: Logger.Level { .info }
    var message: String { "event log opened" }
    var fields: [(String, String)] {
        [
            ("active_lines", "\(lines)"), ("torn_bytes", "\(tornBytes)"),
            ("seconds", "\(seconds)"),
        ]
    }

    func record(in registry: PrometheusRegistry) {
        registry.set("bellwether_log_open_seconds", to: seconds, help: "Time to open the log.")
    }
}

/// An archive was removed for space before the store had it.
struct UnshippedRemoved: TelemetryEvent {
    let name: String
    let lines: Int

    var level: Logger.Level { .error }
    var message: String { "archive removed before the bucket had it; its lines are lost" }
    var fields: [(String, String)] { [("segment", name), ("lines", "\(lines)")] }

    func record(in registry: PrometheusRegistry) { Self.count(lines, in: registry) }

    static func count(_ lines: Int, in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_log_unshipped_lost", by: Double(lines),
            help: "Lines removed from the disk for space before the bucket had them.")
    }
}

/// Declares the series used in alerts at zero.
///
/// Prometheus sees no increase in a counter that first appears with its first count.
enum EventLogCounters {
    static func declare(in registry: PrometheusRegistry) {
        LinesRepeated(lines: 0).record(in: registry)
        LinesRejected(lines: 0, first: "").record(in: registry)
        for reason in ShedReason.allCases {
            LinesShed(tally: ShedTally(reason: reason)).record(in: registry)
        }
        SheddingChanged(reason: nil, detail: "").record(in: registry)
        PressureChanged(keeps: nil).record(in: registry)
        LinesOverShare(lines: 0).record(in: registry)
        DamageFound.count(0, in: registry)
        LogFilesTouched.count(lines: 0, in: registry)
        DiskShortChanged(pressure: nil).record(in: registry)
        SealingFailed.count(0, in: registry)
        UnshippedRemoved.count(0, in: registry)
        for why in ArchiveRemoved.Why.allCases {
            ArchiveRemoved.count(archives: 0, lines: 0, bytes: 0, why, in: registry)
        }
    }
}

/// The key with which this node recognizes its own lines could not be stored.
struct SealKeyUnkept: TelemetryEvent {
    let fault: String
    var level: Logger.Level { .warning }
    var message: String {
        "cannot write log.key: attempts of this run are measured again after the next start"
    }
    var fields: [(String, String)] { [("fault", fault)] }
}
