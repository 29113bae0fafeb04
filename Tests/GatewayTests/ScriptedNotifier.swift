import Core
import Events
import EventLog
import GRDB
import HTTPTypes
import Notifier
import Server
import ServiceLifecycle
@testable import State
import Synchronization
import Telemetry
import TestSupport
import Transfer

@testable import Gateway

/// A notifier's ingest route over a real log, on a real TLS port. A test scripts when it answers and
/// how far its bucket is.
final class ScriptedNotifier: Sendable {
    struct Script: Sendable {
        /// What every request is refused with; nil: it is served.
        var refusal: Problem?
        /// Where every request is redirected to.
        var redirect: String?
        /// Passed before the lines are stored.
        var before: TestGate?
        /// Passed after the lines are stored and before the answer.
        var after: TestGate?
        /// The report of each receipt; nil: the node has no bucket.
        var shipped: ShippedLog?
    }

    /// What arrived, before any refusal.
    struct Seen: Sendable {
        var requests = 0
        var encodings: [String] = []
    }

    let folder: TemporaryDirectory
    let eventLog: EventLog
    let token: String
    let url: String
    let script: ScriptBox
    private let seen: SeenBox
    private let lifecycle: ServiceGroup
    private let task: Task<Void, any Error>

    final class ScriptBox: Sendable {
        private let value = Mutex(Script())
        var current: Script { value.withLock { $0 } }
        func change(_ change: (inout Script) -> Void) { value.withLock { change(&$0) } }
    }

    private final class SeenBox: Sendable {
        let value = Mutex(Seen())
    }

    /// - Parameter isOpen: Whether credentials are not checked, so that two of them can be served
    ///   with one configuration.
    init(
        _ node: String = "notifier-a", bodyLimit: Int = 8 << 20, isOpen: Bool = false
    ) async throws {
        folder = try TemporaryDirectory(node)
        let eventLog = try await EventLog.open(
            EventLogConfiguration(directory: folder.file("data"), node: node),
            telemetry: .silent)
        self.eventLog = eventLog
        let tokens = try await TokenRegistry(store: try Store(path: folder.file("state.sqlite")))
        token = try await tokens.create(name: "gateways", scopes: [.ingest]).text
        let (script, seen) = (ScriptBox(), SeenBox())
        self.script = script
        self.seen = seen
        // A gateway asks not to wait for the bucket; another sender would be refused.
        let routes = IngestRoutes.routes(
            eventLog, bodyLimit: bodyLimit, answers: PostAnswers { _ in false },
            shipped: { script.current.shipped })
        let scripted = routes.map { route -> Route in
            var scripted = route
            if isOpen { scripted.access = .open }
            scripted.handler = { exchange in
                seen.value.withLock { seen in
                    seen.requests += 1
                    seen.encodings.append(exchange.head.headerFields[.contentEncoding] ?? "")
                }
                if let gate = script.current.before { await gate.pass() }
                if let refusal = script.current.refusal { throw refusal }
                if let redirect = script.current.redirect {
                    return .bytes(
                        Array("{}".utf8), status: .temporaryRedirect,
                        headers: [.location: redirect])
                }
                let answer = try await route.handler(exchange)
                if let gate = script.current.after { await gate.pass() }
                return answer
            }
            return scripted
        }
        let server = try HTTPServer(
            HTTPServerConfiguration(
                address: ListenAddress(host: "127.0.0.1", port: 0),
                tls: try SelfSignedCertificate.files(in: folder.file("tls"), names: ["127.0.0.1"])),
            routes: scripted, tokens: tokens, telemetry: .silent)
        let lifecycle = ServiceGroup(
            configuration: .init(services: [server], logger: Telemetry.silent.logger))
        self.lifecycle = lifecycle
        task = Task { try await lifecycle.run() }
        url = "https://127.0.0.1:\(try await server.address.port)"
    }

    var requests: Int { seen.value.withLock { $0.requests } }
    var encodings: [String] { seen.value.withLock { $0.encodings } }

    /// As a follower answers.
    func follow() {
        script.change {
            $0.refusal = .retryLater(
                .serviceUnavailable, "not_leader", "another node leads", after: .seconds(1))
        }
    }

    func lead() { script.change { $0.refusal = nil } }

    /// Reports everything before `position` as shipped, in this term.
    func ship(to position: LogPosition, node: String = "notifier-a", term: UInt64 = 1) {
        script.change { $0.shipped = ShippedLog(node: node, term: term, to: position) }
    }

    /// The messages of the stored lines, in order.
    func messages() async throws -> [String] {
        var reader = eventLog.reader(from: .start)
        var messages: [String] = []
        while true {
            let batch = try await reader.next()
            messages += try batch.lines.map { try Event(line: $0.bytes).message ?? "" }
            if batch.isCaughtUp { return messages }
        }
    }

    /// The position after the first `count` lines.
    func position(after count: Int) async throws -> LogPosition {
        var reader = eventLog.reader(from: .start)
        return try await reader.next(maxLines: count).end
    }

    func stop() async {
        await lifecycle.triggerGracefulShutdown()
        _ = await task.result
        await eventLog.close()
    }
}

/// A gateway's log and state file, from which forwarders send.
final class ForwardingNode: Sendable {
    let folder: TemporaryDirectory
    let eventLog: EventLog
    let store: Store
    let engine = TransferEngine(telemetry: .silent)
    let telemetry = Telemetry.silent
    let clock: ManualClock

    init(
        _ change: (inout EventLogConfiguration) -> Void = { _ in }
    ) async throws {
        folder = try TemporaryDirectory("gateway")
        clock = ManualClock(startingAt: WallClock.system.now)
        var configuration = EventLogConfiguration(directory: folder.file("data"), node: "gw-a1")
        change(&configuration)
        eventLog = try await EventLog.open(
            configuration, clock: clock.wall, telemetry: .silent, monotonic: clock)
        store = try Store(path: folder.file("state.sqlite"))
    }

    func stop() async {
        engine.shutdown()
        await eventLog.close()
    }

    /// A configuration with short real delays and without a token.
    static func configuration(_ notifiers: [ScriptedNotifier]) -> Forwarder.Configuration {
        Forwarder.Configuration(
            to: notifiers.map(\.url), token: nil, trust: .insecure,
            retry: RetryPolicy(
                initial: .milliseconds(5), factor: 2, ceiling: .milliseconds(50)),
            confirmAfter: .milliseconds(5))
    }

    func forwarder(
        _ configuration: Forwarder.Configuration, clock: any Clock<Duration> = ContinuousClock()
    ) -> Forwarder {
        Forwarder(
            configuration, eventLog: eventLog, store: store, transfer: engine,
            telemetry: telemetry, clock: clock)
    }

    /// Runs `body` while a forwarder runs, then stops the forwarder.
    func running<Result: Sendable>(
        _ forwarder: Forwarder, _ body: @Sendable () async throws -> Result
    ) async throws -> Result {
        let task = Task { await forwarder.run() }
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        task.cancel()
        await task.value
        return try result.get()
    }

    func append(_ messages: [String]) async throws {
        for message in messages {
            try await eventLog.append(
                Event(ts: clock.wall.now, event: "node.note", message: message))
        }
    }

    /// The durable cursor; nil if it was never stored.
    func cursor() async throws -> LogPosition? {
        try await store.read { db in try CursorTable.position(db, of: Forwarder.cursorName) }
    }

    func count(_ metric: String) -> Double { telemetry.registry.value(metric) ?? -1 }
}
