import Events
import Foundation
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle
import State
import Synchronization
import Telemetry
import TestSupport

@testable import Server

/// A real server on a port chosen by the system, with tokens in a real state file.
final class RunningServer: Sendable {
    let directory: TemporaryDirectory
    let server: HTTPServer
    let tokens: TokenRegistry
    let store: Store
    let port: Int
    let certificate: String
    let telemetry: Telemetry
    let refusals: Refusals
    let handshakes: Handshakes
    private let task: Task<Void, any Error>
    private let lifecycle: ServiceGroup

    /// The calls of the refusal hook.
    final class Refusals: Sendable {
        private let records = Mutex<[RefusalRecord]>([])
        func add(_ record: RefusalRecord) { records.withLock { $0.append(record) } }
        var all: [RefusalRecord] { records.withLock { $0 } }
    }

    /// The calls of the hook for failed handshakes.
    final class Handshakes: Sendable {
        private let records = Mutex<[HandshakeRecord]>([])
        func add(_ record: HandshakeRecord) { records.withLock { $0.append(record) } }
        var all: [HandshakeRecord] { records.withLock { $0 } }
    }

    struct Setup {
        var hosts: [String] = []
        var limits = ServerLimits()
        var clients = ClientCertificates()
        var clock = WallClock.system
        var sessions = SessionSeal()
        var strictTransport: Duration?
        /// Nil for one of its own that discards log lines.
        var telemetry: Telemetry?
    }

    init(_ setup: Setup = Setup(), routes: [Route]? = nil, files given: TLSFiles? = nil)
        async throws
    {
        directory = try TemporaryDirectory()
        store = try Store(path: directory.file("state.sqlite"))
        telemetry = setup.telemetry ?? .silent
        tokens = try await TokenRegistry(store: store, clock: setup.clock)
        let files =
            try given
            ?? SelfSignedCertificate.files(in: directory.file("tls"), names: ["bellwether.test"])
        certificate = files.certificate
        let refusals = Refusals()
        self.refusals = refusals
        let handshakes = Handshakes()
        self.handshakes = handshakes
        let configuration = HTTPServerConfiguration(
            address: ListenAddress(host: "127.0.0.1", port: 0), hosts: setup.hosts, tls: files,
            clients: setup.clients, limits: setup.limits, strictTransport: setup.strictTransport)
        server = try HTTPServer(
            configuration, routes: routes ?? Self.routes(telemetry.registry), tokens: tokens,
            sessions: setup.sessions, clock: setup.clock, telemetry: telemetry,
            onRefusal: { refusals.add($0) }, onHandshakeRefusal: { handshakes.add($0) })
        let lifecycle = ServiceGroup(
            configuration: .init(services: [server], logger: telemetry.logger))
        self.lifecycle = lifecycle
        task = Task { try await lifecycle.run() }
        port = try await server.address.port
    }

    deinit { task.cancel() }

    func stop() async throws {
        await lifecycle.triggerGracefulShutdown()
        try await task.value
    }

    func token(_ scopes: Scope..., expires: Duration? = nil) async throws -> String {
        try await tokens.create(name: "test", scopes: Set(scopes), expires: expires).text
    }

    /// Routes of the same kinds as the product's.
    static func routes(_ registry: PrometheusRegistry) -> [Route] {
        let echo: Route.Handler = { exchange in
            let body = try await exchange.collectBody()
            return .bytes(
                body, contentType: "application/octet-stream",
                headers: [.server: exchange.identity?.name ?? "stranger"])
        }
        return [
            Route(
                .post, "/rollouts/analysis", access: .requires(.analysis),
                media: ["application/json"], handler: echo),
            Route(.get, "/rollouts/analysis", access: .requires(.analysis)) { exchange in
                let items = try exchange.queryItems()
                return .bytes(
                    Array(items.map { "\($0.name)=\($0.value)" }.joined(separator: "|").utf8))
            },
            Route(
                .post, "/rollouts/analysis/{concern}", access: .requires(.analysis),
                media: ["application/json"]
            ) { exchange in
                .bytes(Array((exchange.parameters["concern"] ?? "").utf8), etag: "\"x\"")
            },
            Route(
                .post, "/v1/events", access: .requires(.ingest),
                media: ["application/x-ndjson", "application/json"], bodyLimit: 1024 * 1024,
                inflates: true, handler: echo),
            Route(.post, "/v1/hooks/flagger", access: .requires(.ingest, by: [.bearer, .basic])) {
                exchange in .bytes(Array((exchange.identity?.name ?? "").utf8))
            },
            Route(.get, "/", access: .optional(.read, by: [.bearer, .session])) { exchange in
                .bytes(
                    Array((exchange.identity?.name ?? "sign in").utf8), contentType: "text/plain")
            },
            Route(.get, "/broken", access: .open) { _ in throw CancellationError() },
            Route(.get, "/peer", access: .open) { exchange in
                .bytes(Array(exchange.peer.utf8))
            },
            .health("/livez", checks: []),
            .health(
                "/readyz",
                checks: [HealthCheck("log:durable") { .init(.fail, output: "disk full") }]),
            .metrics(registry: registry),
        ]
    }
}
