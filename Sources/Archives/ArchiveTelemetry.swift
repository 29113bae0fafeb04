import Bucket
import Telemetry

/// A sealed segment and its index are in the bucket.
struct SegmentShipped: TelemetryEvent {
    let name: String
    let bytes: Int
    let seconds: Double

    var level: Logger.Level { .debug }
    var message: String { "segment is in the bucket" }
    var fields: [(String, String)] { [("segment", name), ("bytes", "\(bytes)")] }

    func record(in registry: PrometheusRegistry) {
        Self.count(1, bytes: bytes, in: registry)
        registry.observe(
            "bellwether_bucket_ship_seconds", seconds,
            help: "Time to copy one segment to the bucket.",
            buckets: [0.05, 0.2, 1, 5, 20, 60, 300])
    }

    static func count(_ segments: Double, bytes: Int, in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_bucket_shipped_segments", by: segments,
            help: "Sealed segments copied to the bucket.")
        registry.count(
            "bellwether_bucket_shipped_bytes", by: Double(bytes),
            help: "Bytes of segments and indexes copied to the bucket.")
    }
}

/// The bucket did not take a segment, or could not be read; it is tried again.
struct ShippingFailed: TelemetryEvent {
    let fault: BucketFault
    /// Whether the last try failed otherwise, or not at all.
    let isNew: Bool

    var level: Logger.Level { isNew ? .error : .debug }
    var message: String { "the bucket takes no archives; they wait on this disk" }
    var fields: [(String, String)] { [("kind", fault.kind.rawValue), ("fault", "\(fault)")] }

    func record(in registry: PrometheusRegistry) { Self.count(1, fault.kind, in: registry) }

    static func count(
        _ failures: Double, _ kind: BucketFault.Kind, in registry: PrometheusRegistry
    ) {
        registry.count(
            "bellwether_bucket_failures", by: failures,
            help: "Tries to copy archives to the bucket that failed, by reason.",
            labels: [("kind", kind.rawValue)])
    }
}

/// The bucket takes archives again.
struct ShippingRecovered: TelemetryEvent {
    let failures: Int
    var level: Logger.Level { .notice }
    var message: String { "the bucket takes archives again" }
    var fields: [(String, String)] { [("failures", "\(failures)")] }
}

/// Segments older than `bucket.keep` were removed from the bucket.
struct OldSegmentsRemoved: TelemetryEvent {
    let objects: Int
    var level: Logger.Level { .info }
    var message: String { "old segments removed from the bucket" }
    var fields: [(String, String)] { [("objects", "\(objects)")] }

    func record(in registry: PrometheusRegistry) { Self.count(objects, in: registry) }

    static func count(_ objects: Int, in registry: PrometheusRegistry) {
        registry.count(
            "bellwether_bucket_removed_objects", by: Double(objects),
            help: "Objects removed from the bucket because they were older than bucket.keep.")
    }
}

/// Declares the series used in alerts at zero.
enum ShippingCounters {
    static func declare(in registry: PrometheusRegistry) {
        SegmentShipped.count(0, bytes: 0, in: registry)
        OldSegmentsRemoved.count(0, in: registry)
        for kind in BucketFault.Kind.allCases { ShippingFailed.count(0, kind, in: registry) }
    }
}
