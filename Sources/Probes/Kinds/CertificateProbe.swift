import Events
import Transfer

/// How long the certificate of a TLS endpoint is still good, and whether it is
/// good at all.
///
/// Reports `<object>.<name>_cert_ok` (trusted, of the right name, within its
/// time) and `<object>.<name>_cert_days`, the days left of the server's own
/// certificate, below 0 once it is over. A certificate that is not good is
/// itself the finding, and its days are told all the same; without a TLS
/// handshake both are absent. Each look makes a connection of its own.
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
    ///   - serverName: asked for and expected in the certificate; nil for the host.
    ///   - trust: what makes it good; with `.insecure` any is.
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
            // Looked at again without trust, to tell how long it lasts.
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
        // Tenths, rounded down: no moment of the day is of use to anybody.
        let days = (left / 8640).rounded(.down) / 10
        return [signals[0].flag(isGood), signals[1].number(days)]
    }
}
