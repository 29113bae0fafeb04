public import Events
import Logging
import Synchronization
import Telemetry

/// Failed TLS handshakes about a certificate, for the event log.
public struct HandshakeRecord: Sendable, Equatable {
    public let at: Timestamp
    /// Such as `certificate_refused`; the label of the metric.
    public let reason: String
    /// The TLS library's code of the last failure.
    public let detail: String
    /// The address of the last failure's peer.
    public let peer: String
    /// The failures with this reason since the last record.
    public let count: Int
}

/// Counts and logs failed TLS handshakes, and reports those that keep a caller out.
///
/// Every failure is counted by its reason and logged at a limited rate. An event is made only for
/// failures about a certificate, when one peer fails three times within 5 min and over at least
/// 15 s: Argo repeats a measurement every 10 s and aborts after the fifth, so that the event
/// precedes the abort, while a port scan, a health check or one visit with a browser makes none.
/// There is at most one event for each reason and hour. Thread-safe.
final class HandshakeReporter: Sendable {
    private let clock: WallClock
    private let telemetry: Telemetry
    /// Whether this node's own certificate has expired.
    private let isExpired: @Sendable () -> Bool
    private let state: Mutex<(tally: HandshakeTally, meter: RefusalMeter)>
    private let onRefusal: @Sendable (HandshakeRecord) async -> Void

    init(
        clock: WallClock, telemetry: Telemetry, isExpired: @escaping @Sendable () -> Bool,
        onRefusal: @escaping @Sendable (HandshakeRecord) async -> Void
    ) {
        self.clock = clock
        self.telemetry = telemetry
        self.isExpired = isExpired
        self.onRefusal = onRefusal
        state = Mutex((HandshakeTally(), RefusalMeter(at: .now)))
        for reason in HandshakeFailure.Reason.allCases {
            HandshakeRefused.count(0, reason, in: telemetry.registry)
        }
    }

    func report(_ failure: HandshakeFailure, peer: String, at now: ContinuousClock.Instant = .now) {
        var failure = failure
        // Most callers refuse an expired certificate with a general alert.
        if failure.reason == .certificateRefused, isExpired() {
            failure = HandshakeFailure(reason: .certificateExpired, detail: failure.detail)
        }
        let group = ConnectionFacts.peerGroup(of: peer)
        let (isLogged, count) = state.withLock { state in
            (
                state.meter.admit(group, at: now) != nil,
                state.tally.add(failure.reason, peer: group, at: now)
            )
        }
        telemetry.emit(HandshakeRefused(failure: failure, peer: peer, isLogged: isLogged))
        guard let count else { return }
        let record = HandshakeRecord(
            at: clock.now, reason: failure.reason.rawValue, detail: failure.detail, peer: peer,
            count: count)
        Task { [onRefusal] in await onRefusal(record) }
    }
}

/// Decides which failed handshakes are reported; pure.
struct HandshakeTally {
    static let failures = 3
    static let window = Duration.seconds(300)
    /// From the first to the last of them.
    static let span = Duration.seconds(15)
    static let pause = Duration.seconds(3600)
    private static let peersKept = 256

    private struct Key: Hashable {
        let reason: HandshakeFailure.Reason
        let peer: String
    }

    private struct Row {
        var first: ContinuousClock.Instant
        var last: ContinuousClock.Instant
        var count: Int
    }

    private var rows: [Key: Row] = [:]
    private var unreported: [HandshakeFailure.Reason: Int] = [:]
    private var reported: [HandshakeFailure.Reason: ContinuousClock.Instant] = [:]

    /// Adds a failure.
    ///
    /// - Returns: The failures with this reason since the last report, if they are reported now.
    mutating func add(
        _ reason: HandshakeFailure.Reason, peer: String, at now: ContinuousClock.Instant
    ) -> Int? {
        guard reason.isAboutCertificate else { return nil }
        let count = min((unreported[reason] ?? 0) + 1, 1_000_000_000)
        unreported[reason] = count
        let key = Key(reason: reason, peer: peer)
        var row = rows[key] ?? Row(first: now, last: now, count: 0)
        if now - row.last > Self.window { row = Row(first: now, last: now, count: 0) }
        row.last = now
        row.count = min(row.count + 1, 1_000_000_000)
        rows[key] = row
        if rows.count > Self.peersKept, let oldest = rows.min(by: { $0.value.last < $1.value.last })
        {
            rows[oldest.key] = nil
        }
        guard row.count >= Self.failures, now - row.first >= Self.span else { return nil }
        if let last = reported[reason], now - last < Self.pause { return nil }
        reported[reason] = now
        unreported[reason] = nil
        return count
    }
}

/// A TLS handshake failed.
struct HandshakeRefused: TelemetryEvent {
    let failure: HandshakeFailure
    let peer: String
    let isLogged: Bool

    // Health checks and port scans close connections all the time.
    var level: Logger.Level {
        guard isLogged else { return .trace }
        return failure.reason.isAboutCertificate
            ? .warning : failure.reason == .closed ? .debug : .notice
    }
    var message: String { "TLS handshake failed" }
    var fields: [(String, String)] {
        [("reason", failure.reason.rawValue), ("code", failure.detail), ("peer", peer)]
    }

    func record(in registry: PrometheusRegistry) { Self.count(1, failure.reason, in: registry) }

    static func count(
        _ failures: Double, _ reason: HandshakeFailure.Reason, in registry: PrometheusRegistry
    ) {
        registry.count(
            "bellwether_tls_handshakes_refused", by: failures,
            help: "TLS handshakes that failed, by reason.",
            labels: [("reason", reason.rawValue)])
    }
}
