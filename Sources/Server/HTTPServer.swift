public import Events
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
public import ServiceLifecycle
public import Telemetry

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The HTTP server: HTTP/1.1 and HTTP/2 over TLS, with one `RequestPipeline` for all requests.
///
/// A graceful shutdown stops accepting, answers the requests under way, and ends everything that is
/// still open at the drain deadline. Thread-safe.
public final class HTTPServer: Service, Sendable {
    package let configuration: HTTPServerConfiguration
    private let telemetry: Telemetry
    private let box: TLSContextBox
    private let pipeline: RequestPipeline
    private let reporter: RefusalReporter
    private let handshakes: HandshakeReporter
    private let bound = Promise<Result<ListenAddress, ServerError>>()

    /// - Parameter onRefusal: Called for refusals, at a limited rate, before the answer is written;
    ///   the answer waits for it.
    /// - Parameter onHandshakeRefusal: Called for failed TLS handshakes that keep a caller out, at
    ///   most once for each reason and hour.
    /// - Throws: `ServerError` if the certificate, key or client authority cannot be used.
    public init(
        _ configuration: HTTPServerConfiguration, routes: [Route], tokens: TokenRegistry,
        sessions: SessionSeal = SessionSeal(), clock: WallClock = .system,
        telemetry: Telemetry = .silent,
        onRefusal: @escaping @Sendable (RefusalRecord) async -> Void = { _ in },
        onHandshakeRefusal: @escaping @Sendable (HandshakeRecord) async -> Void = { _ in }
    ) throws(ServerError) {
        self.configuration = configuration
        self.telemetry = telemetry
        let box = try TLSContextBox(
            configuration.tls, clients: configuration.clients, clock: clock)
        self.box = box
        let admission = Admission(configuration.limits, registry: telemetry.registry)
        reporter = RefusalReporter(
            clock: clock, telemetry: telemetry, admission: admission,
            meter: RefusalMeter(at: .now), onRefusal: onRefusal)
        handshakes = HandshakeReporter(
            clock: clock, telemetry: telemetry,
            isExpired: { box.expiry.map { $0 <= clock.now } ?? false },
            onRefusal: onHandshakeRefusal)
        pipeline = RequestPipeline(
            routes: routes, hosts: HostPolicy(configuration.hosts),
            authenticator: Authenticator(
                tokens: tokens, clients: configuration.clients, trusts: { box.trusts($0) },
                sessions: sessions),
            limits: configuration.limits, strictTransport: configuration.strictTransport,
            clock: clock, telemetry: telemetry, reporter: reporter,
            admission: admission)
        CertificateCounters.declare(in: telemetry.registry)
        showExpiry()
    }

    /// The listen address with the actual port. Waits until the server listens.
    ///
    /// - Throws: `ServerError` if the address cannot be bound.
    public var address: ListenAddress {
        get async throws(ServerError) { try await bound.value.get() }
    }

    /// Whether new requests are refused with 503.
    public var isDraining: Bool { pipeline.isDraining }

    /// Refuses new requests from now on, except health checks, as `run` does at a graceful
    /// shutdown.
    public func drain() { pipeline.drain() }

    /// Certificates that were read and checked, for `take`.
    public struct PreparedCertificates: Sendable {
        fileprivate let prepared: TLSContextBox.Prepared
    }

    /// Reads certificate, key and client authority again and checks them, without using them.
    ///
    /// - Throws: `ServerError` if they cannot be used.
    public func prepareCertificates(
        from tls: TLSFiles? = nil
    ) throws(ServerError) -> PreparedCertificates {
        PreparedCertificates(
            prepared: try box.prepare(
                tls ?? configuration.tls, clients: configuration.clients))
    }

    /// Uses the prepared certificates for new handshakes; open connections stay. Cannot fail.
    public func take(_ certificates: PreparedCertificates) {
        box.take(certificates.prepared)
        showExpiry()
    }

    /// When the certificate in use becomes valid, and when it expires.
    public var certificateBegin: Timestamp? { box.begin }
    public var certificateExpiry: Timestamp? { box.expiry }
    /// The marks of its files when they were read, and now. `currentMarks` blocks for the disk.
    var marksInForce: TLSFileMarks { box.marks }
    var currentMarks: TLSFileMarks {
        TLSFileMarks(
            configuration.tls,
            authority: configuration.clients.demand == .token ? "" : configuration.clients.authority
        )
    }

    private func showExpiry() {
        let review = box.review
        for fault in review.refused {
            telemetry.emit(CertificateDoubtful(fault: fault, isRefused: true))
        }
        for fault in review.warnings {
            telemetry.emit(CertificateDoubtful(fault: fault, isRefused: false))
        }
        guard let expiry = box.expiry else { return }
        telemetry.registry.set(
            "bellwether_certificate_expiry_timestamp_seconds",
            to: Double(expiry.milliseconds) / 1000,
            help: "When the node's own certificate is over, in seconds since 1970.")
    }

    /// Serves until a graceful shutdown or cancellation.
    ///
    /// - Throws: `ServerError` if the address cannot be bound.
    public func run() async throws {
        let server = server()
        do {
            try await withThrowingTaskGroup(of: Bool.self) { group in
                group.addTask {
                    try await server.run()
                    return true
                }
                group.addTask {
                    try await gracefulShutdown()
                    self.drain()
                    try await Task.sleep(for: self.configuration.limits.drainDeadline)
                    return false
                }
                while let isServerDone = try await group.next() {
                    if !isServerDone { telemetry.emit(DrainCutShort()) }
                    group.cancelAll()
                    if isServerDone { return }
                }
            }
        } catch is CancellationError {
        } catch {
            let fault = Self.bindFault(configuration.address, error)
            bound.fulfil(.failure(fault))
            throw fault
        }
    }

    private func server() -> Server<ConnectionChannel> {
        let limits = configuration.limits
        // Suppresses the library's start messages, which this server logs itself; warnings are
        // kept.
        var logger = telemetry.logger
        logger.logLevel = max(logger.logLevel, .warning)
        let census = ConnectionCensus(limits: limits, telemetry: telemetry)
        let child = ConnectionChannel(
            tls: box, limits: limits, census: census,
            keepsServerName: HostPolicy(configuration.hosts).isRestricted,
            onUnreadable: { [reporter] connection in
                Task { await reporter.reportUnreadable(ExchangeGuard.unreadable, connection) }
            },
            handshakes: handshakes, requestPipeline: pipeline)
        return Server(
            childChannelSetup: child,
            configuration: ServerConfiguration(
                address: .hostname(
                    configuration.address.bound(), port: configuration.address.port),
                backlog: 1024),
            onServerRunning: { [bound, configuration] channel in
                // Fails only if the socket is already closed.
                try? await channel.eventLoop.submit {
                    try channel.pipeline.syncOperations.addHandler(
                        AcceptGate(census: census), position: .first)
                }.get()
                let port = channel.localAddress?.port ?? configuration.address.port
                bound.fulfil(
                    .success(ListenAddress(host: configuration.address.host, port: port)))
            },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
    }

    private static func bindFault(_ address: ListenAddress, _ error: any Error) -> ServerError {
        if let fault = error as? ServerError { return fault }
        let remedy =
            switch (error as? IOError)?.errnoCode {
            case EADDRNOTAVAIL:
                "no interface of this machine has this address: write :\(address.port) in listen.address for every address"
            case EAFNOSUPPORT: "this machine has no IPv6: write an IPv4 address in listen.address"
            case EACCES:
                "ports below 1024 need the capability CAP_NET_BIND_SERVICE: grant it or change listen.address"
            case EADDRINUSE:
                "another process, perhaps another node, serves there: stop it, or set another port in listen.address"
            default: "free the address or change listen.address"
            }
        return ServerError(
            place: address.description, fault: "cannot listen here (\(error))", remedy: remedy)
    }
}
