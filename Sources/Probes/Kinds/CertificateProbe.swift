import Events
import Transfer

/// Checks the certificate of a TLS endpoint and its remaining validity.
///
/// Reports `<object>.<name>_cert_ok` (trusted, for the right name, within its validity) and
/// `<object>.<name>_cert_days`: the days left of the server's own certificate, negative after it
/// expired. If the certificate is invalid, `_cert_ok` is false and the days are still reported.
/// Without a TLS handshake, both are absent. Each measurement opens its own connection, and a
/// second one if verification fails.
public struct CertificateProbe: Probe {
    public let name: String
    public let deadline: Duration
    public let signals: [SignalDeclaration]

    private let host: String
    private let port: Int
    private let serverName: String?
    private let trust: TLSTrust
    private let engine: TransferEngine
    private let clock: any Clock<Duration>

    /// - Parameters:
    ///   - serverName: Sent as SNI and expected in the certificate; nil for the host.
    ///   - trust: Determines which certificates are valid; `.insecure` accepts any.
    public init(
        name: String, host: String, port: Int, serverName: String? = nil,
        trust: TLSTrust = .system, engine: TransferEngine, object: String = "dependency",
        prefix: String? = nil, deadline: Duration = .milliseconds(800),
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.name = name
        self.host = host
        self.port = port
        self.serverName = serverName
        self.trust = trust
        self.engine = engine
        self.deadline = deadline
        self.clock = clock
        self.signals = [
            SignalDeclaration("\(object).\(prefix ?? name)_cert_ok", unit: .flag),
            SignalDeclaration("\(object).\(prefix ?? name)_cert_days", unit: .days),
        ]
    }

    public func measure(_ context: MeasurementContext) async -> [Signal] {
        let stopwatch = Stopwatch(clock)
        do throws(TransferError) {
            return report(true, try await look(trust, within: context.allowance), context.now)
        } catch {
            // Connects again without verification, to read the remaining validity.
            let left = context.allowance - stopwatch.elapsed
            guard error.kind == .tls, left > .zero else { return allAbsent(MissingData(error)) }
            do throws(TransferError) {
                return report(false, try await look(.insecure, within: left), context.now)
            } catch {
                return allAbsent(MissingData(error))
            }
        }
    }

    private func look(
        _ trust: TLSTrust, within allowance: Duration
    ) async throws(TransferError) -> ServerCertificate {
        try await engine.certificate(
            host: host, port: port, name: serverName, trust: trust, deadline: allowance)
    }

    private func report(
        _ isGood: Bool, _ certificate: ServerCertificate, _ now: Timestamp
    ) -> [Signal] {
        let left = Double(certificate.expires) - now.seconds
        // Tenths of a day, rounded down.
        let days = (left / 8640).rounded(.down) / 10
        return [signals[0].flag(isGood), signals[1].number(days)]
    }
}
