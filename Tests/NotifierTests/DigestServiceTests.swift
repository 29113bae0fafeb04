import Delivery
import Digests
import EventLog
import Events
import Rendering
import State
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Notifier

/// Keeps the ids of the digests that are enqueued; may refuse them.
final class KeptDigests: DigestDispatch {
    struct Refused: Error {}

    private let state = Mutex((ids: [String](), isRefusing: false, refusals: 0))

    var all: [String] { state.withLock { $0.ids } }
    var refusals: Int { state.withLock { $0.refusals } }

    func refuse(_ isRefusing: Bool) { state.withLock { $0.isRefusing = isRefusing } }

    func render(_ digest: Digest) -> RenderedDigest {
        RenderedDigest(
            id: digest.id, thread: digest.thread, subject: "s", slack: "{}", text: "t", html: "h",
            model: "{}", kind: digest.kind.rawValue, groupKey: "k", composedAt: digest.composedAt)
    }

    func addressees(of digest: Digest) -> [Addressee] { [] }

    func enqueue(
        _ rendered: RenderedDigest, of digest: Digest, to addressees: [Addressee],
        at now: Timestamp, in db: Store.Transaction
    ) throws {
        let isRefused = state.withLock { state in
            if state.isRefusing {
                state.refusals += 1
            } else {
                state.ids.append(digest.id)
            }
            return state.isRefusing
        }
        if isRefused { throw Refused() }
    }

    func wake() {}
}

@Suite("The digest service between reading and storing")
struct DigestServiceTests {
    private static let settings = DigestSettings(
        firstAfter: .seconds(10), maxWindow: .seconds(60), repeatEvery: .seconds(7200))
    private let folder: TemporaryDirectory
    private let clock = ManualClock()
    private let store: Store
    private let eventLog: EventLog

    init() async throws {
        folder = try TemporaryDirectory()
        store = try Store(path: folder.file("state.sqlite"))
        eventLog = try await EventLog.open(
            EventLogConfiguration(directory: folder.file("data"), node: "n"), clock: clock.wall,
            telemetry: .silent)
    }

    /// A service as a start of the node makes it.
    private func start(_ dispatch: KeptDigests) async -> DigestService {
        let decisions = DecisionLog(eventLog: eventLog, store: store, telemetry: .silent)
        await decisions.replay()
        return DigestService(
            DigestService.Plan(settings: Self.settings), decisions: decisions, dispatch: dispatch,
            wall: clock.wall, clock: clock, telemetry: .silent)
    }

    private func fail(_ rollout: String) async throws {
        _ = try await eventLog.ingest(
            Event(
                id: "e-\(rollout)", ts: clock.wall.now, level: .error, event: "analysis.unhealthy",
                node: "gw", az: "a", namespace: "prod", rollout: rollout, revision: "1", attempt: 1,
                status: .unhealthy
            ).line)
    }

    /// The digests that the log has as decided.
    private func decided() async throws -> [String] {
        try await eventLog.last(10_000).lines.map { try Event(line: $0.bytes) }
            .filter { $0.event == EventName.digestComposed }.map(\.id)
    }

    /// Waits for a condition while time passes by seconds.
    private func eventually(
        _ what: String, _ condition: @escaping @Sendable () async throws -> Bool
    ) async throws {
        try await TestSupport.eventually(what) {
            clock.advance(by: .seconds(1))
            return try await condition()
        }
    }

    @Test(
        "a decided digest that cannot be stored is stored later as it is, once, also after a reload",
        arguments: [false, true])
    func stored(reloads: Bool) async throws {
        let kept = KeptDigests()
        kept.refuse(true)
        let service = await start(kept)
        let running = Task { try await service.run() }
        try await fail("shop")
        try await eventually("storing was tried several times") { kept.refusals > 3 }
        #expect(!service.status.fault.isEmpty)
        #expect(try await decided().count == 1)
        if reloads {
            var other = Self.settings
            other.repeatEvery = .seconds(3600)
            service.replace(plan: DigestService.Plan(settings: other))
        }
        kept.refuse(false)
        try await eventually("the digest is stored") { kept.all.count == 1 }
        try await eventually("the fault is over") { service.status.fault.isEmpty }
        #expect(try await decided().count == 1)

        running.cancel()
        try await running.value
        await eventLog.close()
    }

    @Test("a stop between decision and storing leaves it to the next start, which adds none")
    func stopped() async throws {
        let refusing = KeptDigests()
        refusing.refuse(true)
        let first = await start(refusing)
        let running = Task { try await first.run() }
        try await fail("shop")
        try await eventually("storing was tried") { refusing.refusals > 0 }
        running.cancel()
        try await running.value
        #expect(refusing.all.isEmpty)
        #expect(try await store.read { db in try DigestTable.list(db) }.isEmpty)

        let kept = KeptDigests()
        let second = await start(kept)
        let stored = try await store.read { db in try DigestTable.list(db) }
        #expect(stored.count == 1)
        let again = Task { try await second.run() }
        // Another group's digest comes after all that the first one still had to do.
        try await fail("cart")
        try await eventually("the next digest is stored") { !kept.all.isEmpty }
        #expect(kept.all.count == 1 && kept.all.first != stored.first?.id)
        #expect(try await decided().count == 2)

        again.cancel()
        try await again.value
        await eventLog.close()
    }
}
