import Delivery
import Digests
import EventLog
import Events
import Notifier
import Rendering
import State
import Synchronization
import Telemetry
import TestSupport
import Testing

/// The scene of the table that needs delivery; the others are in `SceneTableTests`.
@Suite("A receiver that is away during an incident")
struct AwaySceneTests {
    /// A receiver that can be away.
    private final class Channel: Receiver {
        let name: String
        let kind = "scripted"
        private let state = Mutex((isAway: false, tries: 0, accepted: [RenderedDigest]()))

        init(_ name: String) { self.name = name }

        var isAway: Bool {
            get { state.withLock { $0.isAway } }
            set { state.withLock { $0.isAway = newValue } }
        }

        var tries: Int { state.withLock { $0.tries } }
        var accepted: [RenderedDigest] { state.withLock { $0.accepted } }

        func count(_ kind: String) -> Int { accepted.count { $0.kind == kind } }

        func send(_ digest: RenderedDigest, to recipients: [String]) async -> DeliveryAttempt {
            state.withLock { state in
                state.tries += 1
                if state.isAway {
                    return DeliveryAttempt(.retry(after: nil), "503", for: recipients)
                }
                state.accepted.append(digest)
                return DeliveryAttempt(.sent, "ok", for: recipients)
            }
        }
    }

    private let folder: TemporaryDirectory
    private let clock = ManualClock()

    init() throws { folder = try TemporaryDirectory() }

    private func pass(
        _ step: Duration = .seconds(1), until what: String,
        _ condition: @Sendable () async throws -> Bool
    ) async throws {
        try await eventually(what) {
            if try await condition() { return true }
            clock.advance(by: step)
            return false
        }
    }

    private func failure(_ az: String) -> [UInt8] {
        Event(
            id: "e-\(az)", ts: clock.wall.now, level: .error, event: EventName.unhealthy,
            node: "gw-\(az)", az: az, namespace: "prod", rollout: "payments-api", revision: "17",
            attempt: 1, status: .unhealthy
        ).line
    }

    @Test("Slack away for ten minutes: reported elsewhere after five, then one message that counts")
    func slack() async throws {
        let store = try Store(path: folder.file("state.sqlite"))
        let eventLog = try await EventLog.open(
            EventLogConfiguration(directory: folder.file("data"), node: "n"), clock: clock.wall,
            telemetry: .silent)
        let decisions = DecisionLog(eventLog: eventLog, store: store, telemetry: .silent)
        let (slack, mail) = (Channel("slack"), Channel("mail"))
        let delivery = DeliveryService(
            store: store, receivers: [slack, mail], clock: clock, wall: clock.wall,
            telemetry: .silent,
            settling: { outcomes, now, store in
                try await decisions.settle(outcomes, at: now, store)
            })
        let dispatcher = DigestDispatcher(
            DigestDispatcher.Plan(renderer: Renderer(), receivers: [slack, mail])
        ) { delivery.wake() }
        let digests = DigestService(
            DigestService.Plan(
                settings: DigestSettings(route: DigestRoute(receivers: ["slack", "mail"]))),
            decisions: decisions, dispatch: dispatcher, wall: clock.wall, clock: clock,
            telemetry: .silent)
        let reading = Task { try? await digests.run() }
        let sending = Task { await delivery.run() }

        /// Whether the delivery to Slack that waits was tried: the next digest then replaces it.
        @Sendable func wasTried() async throws -> Bool {
            try await store.read { db in try Outbox.list(db, states: [.waiting]) }
                .contains { $0.addressee.receiver == "slack" && $0.tries > 0 }
        }

        slack.isAway = true
        let begun = clock.wall.now
        _ = try await eventLog.ingest(failure("a"))
        try await pass(until: "the mail is red") {
            let isTried = try await wasTried()
            return isTried && mail.count("failing") == 1
        }
        _ = try await eventLog.ingest(failure("b"))
        try await pass(until: "the mail has the second zone") {
            let isTried = try await wasTried()
            return isTried && mail.count("failing") == 2
        }
        _ = try await eventLog.ingest(
            Event(
                id: "h", ts: clock.wall.now, event: EventName.rolloutAborted, namespace: "prod",
                rollout: "payments-api", revision: "17"
            ).line)
        try await pass(until: "the mail has the abort") { mail.count("ended") == 1 }
        try await pass(.seconds(5), until: "ten minutes passed") {
            clock.wall.now >= begun + .seconds(600)
        }
        try await pass(until: "the mail knows that Slack fails") {
            mail.count("receiver_failing") == 1
        }
        #expect(slack.accepted.isEmpty)
        #expect(slack.tries <= 400)
        // The next probe, whatever was tried before.
        let pause = delivery.states.first { $0.name == "slack" }?.pause ?? .zero
        #expect(pause <= .seconds(10))
        slack.isAway = false
        try await pass(.milliseconds(100), until: "Slack has the abort") {
            !slack.accepted.isEmpty
        }
        try await pass(until: "the mail knows that Slack is back") {
            mail.count("receiver_recovered") == 1
        }
        try await pass(.seconds(60), until: "an hour passed") {
            clock.wall.now >= begun + .seconds(4200)
        }
        reading.cancel()
        sending.cancel()
        _ = await reading.value
        await sending.value

        // What changed meanwhile is in one message; the older ones would only mislead.
        #expect(slack.accepted.map(\.kind) == ["ended"])
        let text = slack.accepted.first?.text ?? ""
        #expect(text.contains("Replaces 2 earlier digests that had not reached slack"), "\(text)")
        #expect(
            mail.accepted.map(\.kind).sorted()
                == ["ended", "failing", "failing", "receiver_failing", "receiver_recovered"])
        let counts = try await store.read { db in try Outbox.counts(db) }
        #expect(counts[.waiting] ?? 0 == 0)
        #expect(counts[.replaced] == 2)
        #expect(counts[.dead] ?? 0 == 0)
        print("Slack away 10 minutes: \(slack.accepted.count) message, \(slack.tries) tries")
        await eventLog.close()
    }
}
