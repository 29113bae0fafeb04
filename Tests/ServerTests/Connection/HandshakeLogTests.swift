import Events
import Logging
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Server

@Suite("The log lines of failed TLS handshakes")
struct HandshakeLogTests {
    /// Collects lines instead of writing them.
    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func add(_ line: String) { lines.withLock { $0.append(line) } }
    }

    private let lines = Lines()
    private let telemetry: Telemetry

    init() {
        let (lines, clock) = (lines, WallClock { Timestamp(milliseconds: 1_795_413_600_123) })
        telemetry = Telemetry(
            logger: Logger(label: "bellwether") { label in
                LineLogHandler(
                    label: label, threshold: LogThreshold(.debug), clock: clock,
                    write: { lines.add($0) })
            }, registry: PrometheusRegistry())
    }

    private func reporter(isExpired: Bool = false) -> HandshakeReporter {
        HandshakeReporter(
            clock: .system, telemetry: telemetry, isExpired: { isExpired }, onRefusal: { _ in })
    }

    private func count(_ reason: String) -> Double? {
        telemetry.registry.value(
            "bellwether_tls_handshakes_refused_total", labels: [("reason", reason)])
    }

    private static let refused = HandshakeFailure(
        reason: .certificateRefused, detail: "TLSV1_ALERT_UNKNOWN_CA")

    @Test("name the reason, the library's code and the peer")
    func line() {
        reporter().report(Self.refused, peer: "10.0.0.1")
        reporter(isExpired: true).report(Self.refused, peer: "2001:db8::7")
        #expect(
            lines.all == [
                "2026-11-23T06:00:00.123Z warning TLS handshake failed code=TLSV1_ALERT_UNKNOWN_CA peer=10.0.0.1 reason=certificate_refused\n",
                "2026-11-23T06:00:00.123Z warning TLS handshake failed code=TLSV1_ALERT_UNKNOWN_CA peer=2001:db8::7 reason=certificate_expired\n",
            ])
    }

    @Test("are ten for a caller that goes on, then one in five seconds; each failure is counted")
    func limited() {
        let (reporter, start) = (reporter(), ContinuousClock.now)
        for _ in 0..<500 { reporter.report(Self.refused, peer: "10.0.0.1", at: start) }
        #expect(lines.all.count == 10)
        // Another caller has lines of its own.
        reporter.report(Self.refused, peer: "10.0.0.2", at: start)
        #expect(lines.all.count == 11)
        #expect(lines.all.last?.contains("peer=10.0.0.2 ") == true)
        for _ in 0..<5 { reporter.report(Self.refused, peer: "10.0.0.1", at: start + .seconds(6)) }
        #expect(lines.all.count == 12)
        #expect(count("certificate_refused") == 506)
    }

    @Test("are a hundred at most for a scan from many addresses")
    func scanned() {
        let (reporter, start) = (reporter(), ContinuousClock.now)
        let other = HandshakeFailure(reason: .notTLS, detail: "HTTP_REQUEST")
        for n in 0..<250 { reporter.report(other, peer: "198.51.100.\(n)", at: start) }
        #expect(lines.all.count == 100)
        #expect(count("not_tls") == 250)
    }

    @Test(
        "have the level of what they mean",
        arguments: [
            (HandshakeFailure.Reason.certificateRefused, "warning"),
            (.certificateExpired, "warning"), (.clientCertificateRefused, "warning"),
            (.clientCertificateMissing, "notice"), (.noCommonProtocol, "notice"),
            (.notTLS, "notice"), (.other, "notice"), (.closed, "debug"),
        ])
    func levels(reason: HandshakeFailure.Reason, level: String) {
        reporter().report(HandshakeFailure(reason: reason, detail: "X"), peer: "10.0.0.1")
        #expect(lines.all.first?.contains("Z \(level) TLS handshake failed") == true)
    }

    @Test("name a real caller by its address")
    func real() async throws {
        var setup = RunningServer.Setup()
        setup.telemetry = telemetry
        let server = try await RunningServer(setup)
        var stranger = Curl(server)
        // curl does not know the node's authority.
        stranger.certificate = nil
        #expect(try await stranger.get("/livez").exit == 60)
        let lines = lines
        try await eventually("the line is written") {
            lines.all.contains {
                $0.contains(" warning TLS handshake failed ") && $0.contains("peer=127.0.0.1 ")
                    && $0.hasSuffix("reason=certificate_refused\n")
            }
        }
    }
}
