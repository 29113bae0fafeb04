import Analysis
import Events
import EventLog
import Probes
import Server
import ServiceLifecycle
import State
import Synchronization
import Telemetry
import TestSupport
import Transfer

@testable import Gateway

/// A gateway's measurement routes on a real TLS port, with a stopped clock and one probe that
/// responds at once and counts its observations.
final class ServedGateway: Sendable {
    let folder: TemporaryDirectory
    let clock = ManualClock()
    let service: MeasurementService
    let telemetry = Telemetry.silent
    let probe = CountingProbe()
    let token: String
    private let engine: TransferEngine
    private let eventLog: EventLog
    private let port: Int
    private let task: Task<Void, any Error>

    init(
        rate: TokenBucket.Rate = TokenBucket.Rate(burst: 1000, perSecond: 1000),
        checks: [Check] = [Check(id: "gateway.disk_ok", critical: true)],
        concerns: [String: [String]] = [:]
    ) async throws {
        folder = try TemporaryDirectory()
        engine = TransferEngine(telemetry: .silent)
        let store = try Store(path: folder.file("state.sqlite"))
        eventLog = try await EventLog.open(
            EventLogConfiguration(directory: folder.file("data"), node: "gw-a1"),
            clock: clock.wall, telemetry: .silent)
        service = try await MeasurementService(
            plan: GatewayPlan(
                probes: ProbeSet([probe]),
                policies: PolicyTable(
                    PolicySet(
                        Policy(checks: checks),
                        concerns: concerns.mapValues { $0.map { Check(id: $0, critical: true) } })),
                // Real time: a starved machine must judge, too.
                budget: .seconds(20), interval: .seconds(30)),
            node: "gw-a1", az: "az-1", binary: "sha256:b", eventLog: eventLog, store: store,
            rate: rate, wall: clock.wall, clock: clock, telemetry: telemetry)
        let tokens = try await TokenRegistry(store: store)
        token = try await tokens.create(name: "argo", scopes: [.analysis]).text
        let server = try HTTPServer(
            HTTPServerConfiguration(
                address: ListenAddress(host: "127.0.0.1", port: 0),
                tls: try SelfSignedCertificate.files(in: folder.file("tls"), names: ["127.0.0.1"])),
            routes: MeasurementRoutes.routes(service) + FlaggerGateRoutes.routes(service),
            tokens: tokens, telemetry: telemetry)
        task = Task { try await server.run() }
        port = try await server.address.port
    }

    func stop() async {
        task.cancel()
        engine.shutdown()
        await eventLog.close()
    }

    /// Sends a body to any path, as Flagger does.
    func post(
        _ path: String, _ body: String, headers: [(String, String)] = []
    ) async throws -> HTTPReply {
        try await engine.http(
            HTTPTransfer(
                url: "https://127.0.0.1:\(port)" + path, method: "POST",
                headers: [("Content-Type", "application/json")] + headers,
                body: Array(body.utf8), tls: .insecure))
    }

    /// Sends requests over HTTP/2, as Argo Rollouts does.
    func ask(
        _ body: String = #"{"rollout":"shop","namespace":"prod"}"#, path: String = "",
        token: String? = nil
    ) async throws -> HTTPReply {
        try await engine.http(
            HTTPTransfer(
                url: "https://127.0.0.1:\(port)/rollouts/analysis" + path, method: "POST",
                headers: [
                    ("Authorization", "Bearer \(token ?? self.token)"),
                    ("Content-Type", "application/json"),
                ],
                body: Array(body.utf8), tls: .insecure))
    }
}

/// Reports a healthy disk until `report` sets another value, and counts its observations.
final class CountingProbe: Probe, Sendable {
    private let count = Atomic<Int>(0)
    private let value = Mutex<Signal.Value>(.flag(true))
    let name = "node"
    let deadline = Duration.seconds(1)
    let signals = [SignalDeclaration("gateway.disk_ok", unit: .flag)]

    var looks: Int { count.load(ordering: .relaxed) }

    func report(_ value: Signal.Value) { self.value.withLock { $0 = value } }

    func measure(_ context: MeasurementContext) async -> [Signal] {
        count.add(1, ordering: .relaxed)
        return [Signal("gateway.disk_ok", unit: .flag, value: value.withLock { $0 })]
    }
}
