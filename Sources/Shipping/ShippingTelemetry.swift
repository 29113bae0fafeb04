import Logging
import Telemetry

/// An object of the log was created in the bucket.
struct ObjectShipped: TelemetryEvent {
    let number: UInt64
    let bytes: Int
    var level: Logger.Level { .debug }
    var message: String { "log lines are in the bucket" }
    var fields: [(String, String)] { [("object", "\(number)"), ("bytes", "\(bytes)")] }

    func record(in registry: PrometheusRegistry) {
        Self.count(objects: 1, bytes: bytes, in: registry)
        registry.set(
            "bellwether_ship_failures_in_a_row", to: 0,
            help: "Failed tries to write the log to the bucket since the last success.")
    }

    static func count(objects: Double, bytes: Int, in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_ship_objects_total", by: objects,
            help: "Objects of the log that were created in the bucket.")
        registry.count(
            "bellwether_ship_bytes_total", by: Double(bytes),
            help: "Bytes of lines, before compression, in objects of the log in the bucket.")
    }
}

/// The bucket could not be read or written.
struct ShipFailed: TelemetryEvent {
    let fault: String
    let failures: Int
    var level: Logger.Level { failures == 1 || failures % 20 == 0 ? .warning : .debug }
    var message: String {
        "the log could not be written to the bucket; its lines stay on this disk and are tried again"
    }
    var fields: [(String, String)] { [("fault", fault), ("failures", "\(failures)")] }

    func record(in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_ship_failures_total", by: 1,
            help: "Failed tries to write the log to the bucket.")
        registry.set(
            "bellwether_ship_failures_in_a_row", to: Double(failures),
            help: "Failed tries to write the log to the bucket since the last success.")
    }
}

/// The bucket can be read and written again.
struct ShipRecovered: TelemetryEvent {
    let failures: Int
    var level: Logger.Level { .notice }
    var message: String { "the log's objects can be read and written again" }
    var fields: [(String, String)] { [("failures", "\(failures)")] }

    func record(in registry: PrometheusRegistry) {
        registry.set(
            "bellwether_ship_failures_in_a_row", to: 0,
            help: "Failed tries to write the log to the bucket since the last success.")
    }
}

/// This node continues the log in the bucket.
struct LogTakenOver: TelemetryEvent {
    let number: UInt64
    let term: UInt64
    var level: Logger.Level { .info }
    var message: String { "this node continues the log in the bucket" }
    var fields: [(String, String)] { [("object", "\(number)"), ("term", "\(term)")] }
}

/// The folder was restored from the bucket.
struct LogRestored: TelemetryEvent {
    let archives: Int
    let objects: UInt64
    let bytes: Int
    let place: String
    var level: Logger.Level { .notice }
    var message: String { "the log was restored from the bucket" }
    var fields: [(String, String)] {
        [
            ("archives", "\(archives)"), ("objects", "\(objects)"), ("bytes", "\(bytes)"),
            ("bucket", place),
        ]
    }
}

/// An archive could not be restored; it and older ones stay in the bucket alone.
struct ArchiveLeft: TelemetryEvent {
    let segment: UInt64
    let fault: String
    var level: Logger.Level { .error }
    var message: String {
        "an archive in the bucket cannot be read; the restore continues without it and older ones"
    }
    var fields: [(String, String)] { [("segment", "\(segment)"), ("fault", fault)] }
}

/// Objects of the log were removed, because archives have their lines.
struct OldObjectsRemoved: TelemetryEvent {
    let objects: UInt64
    var level: Logger.Level { .info }
    var message: String { "old objects of the log removed from the bucket" }
    var fields: [(String, String)] { [("objects", "\(objects)")] }
}

/// Lines were removed before they were in the bucket.
struct ShipGap: TelemetryEvent {
    let lines: Int
    var level: Logger.Level { .error }
    var message: String {
        "lines were removed from this disk before they were in the bucket; raise log.max_bytes or fix the bucket"
    }
    var fields: [(String, String)] { [("lines", "\(lines)")] }

    func record(in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_ship_lost_total", by: Double(lines),
            help: "Lines that were removed from the disk before they were in the bucket.")
    }
}
