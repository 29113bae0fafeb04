@testable import Analysis
import Events
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Gateway

@Suite("Joining the requests of one attempt")
struct AttemptCoordinatorTests {
    private static let subject = RunSubject(namespace: "prod", rollout: "shop", revision: "7")
    private let clock = ManualClock()
    private let coordinator: AttemptCoordinator
    private let evaluations = Evaluations()

    init() {
        coordinator = AttemptCoordinator(
            ledger: AttemptLedger(timing: AttemptTiming(interval: .seconds(30))),
            at: clock.wall.now, clock: clock, telemetry: .silent)
    }

    /// The tickets of the evaluations that began, in order.
    private final class Evaluations: Sendable {
        private let tickets = Mutex<[AttemptTicket]>([])
        func add(_ ticket: AttemptTicket) { tickets.withLock { $0.append(ticket) } }
        var all: [AttemptTicket] { tickets.withLock { $0 } }
    }

    /// Each evaluation's document is another one.
    private func verdict(_ ticket: AttemptTicket) -> FrozenVerdict {
        let document = "{\"evaluation\":\(evaluations.all.count)}"
        return FrozenVerdict(
            number: ticket.number, status: .healthy,
            document: VerdictDocument(bytes: Array(document.utf8)), measuredAt: ticket.startedAt)
    }

    private typealias Answer = (verdict: FrozenVerdict, isEvaluated: Bool)

    /// Measures; the evaluation waits at the gate, then completes its attempt.
    private func measure(
        _ series: String = "s", stated: Int? = nil, head: LogPosition = .start,
        through gate: TestGate? = nil
    ) async throws -> Answer {
        let (outcome, origin) = await coordinator.measure(
            series, of: Self.subject, stated: stated, at: clock.wall.now, head: head
        ) { ticket in
            self.evaluations.add(ticket)
            await gate?.pass()
            let verdict = self.verdict(ticket)
            self.coordinator.complete(
                ticket,
                with: AttemptRecord(
                    verdict: verdict, values: MetricValues(), policy: "p", binary: "b"))
            return .judged(verdict)
        }
        guard case .judged(let verdict, _, _) = outcome else {
            throw NeverHappened(description: "no verdict: \(outcome)")
        }
        return (verdict, origin == .evaluated)
    }

    @Test("requests that come together, and those right after, get the bytes of one evaluation")
    func together() async throws {
        let gate = TestGate()
        let answers = try await withThrowingTaskGroup(of: Answer.self) { group -> [Answer] in
            for _ in 0..<50 { group.addTask { try await measure(through: gate) } }
            await gate.arrivals()
            gate.open()
            var answers: [Answer] = []
            for try await answer in group { answers.append(answer) }
            return answers
        }
        #expect(evaluations.all.count == 1)
        #expect(answers.count == 50)
        #expect(answers.count { $0.isEvaluated } == 1)
        #expect(Set(answers.map(\.verdict.document.digest)).count == 1)
        clock.advance(by: .seconds(5))
        let late = try await measure()
        #expect(!late.isEvaluated && late.verdict == answers.first?.verdict)
    }

    @Test("an evaluation that hangs holds its own series only")
    func others() async throws {
        let gate = TestGate()
        let hanging = Task { try await measure("slow", through: gate) }
        await gate.arrivals()
        #expect(try await measure("fast").verdict.number.n == 1)
        // A repeat is not answered from the log while its series is evaluated.
        #expect(coordinator.repeated("slow", stated: nil, at: clock.wall.now) == nil)
        #expect(coordinator.repeated("fast", stated: nil, at: clock.wall.now) != nil)
        gate.open()
        #expect(try await hanging.value.verdict.number.n == 1)
    }

    @Test("callers that leave do not end the evaluation, and the next one gets its verdict")
    func cancelled() async throws {
        let gate = TestGate()
        let callers = (0..<3).map { _ in Task { try await measure(through: gate) } }
        await gate.arrivals()
        for caller in callers { caller.cancel() }
        gate.open()
        for caller in callers { _ = try await caller.value }
        #expect(evaluations.all.count == 1)
        let next = try await measure()
        #expect(!next.isEvaluated && next.verdict.number.n == 1)
    }

    @Test("an evaluation that ends without a verdict leaves its number to the next one")
    func lost() async throws {
        let (outcome, _) = await coordinator.measure(
            "s", of: Self.subject, stated: nil, at: clock.wall.now, head: .start
        ) { ticket in
            self.evaluations.add(ticket)
            return .unmeasured(ordinal: 1, why: "lost", waits: MeasurementWaits())
        }
        let isUnmeasured = if case .unmeasured = outcome { true } else { false }
        try #require(isUnmeasured, "\(outcome)")
        #expect(try await measure().isEvaluated)
        #expect(evaluations.all.map(\.number.n) == [1, 1])
        let tickets = evaluations.all
        #expect(tickets.count == 2 && tickets.first != tickets.last)
    }

    @Test("a higher number during an evaluation begins none beside it; after it, the next one")
    func stated() async throws {
        let gate = TestGate()
        let first = Task { try await measure(stated: 1, through: gate) }
        await gate.arrivals()
        let joining = Task { try await measure(stated: 2, through: gate) }
        for _ in 0..<100 { await Task.yield() }
        #expect(evaluations.all.count == 1)
        gate.open()
        #expect(try await first.value.verdict.number.n == 1)
        _ = try await joining.value
        // Within the time of a repeat.
        #expect(try await measure(stated: 2).verdict.number.n == 2)
        #expect(try await measure(stated: 1).verdict.number.n == 2)
        #expect(evaluations.all.count == 2)
    }

    @Test("a checkpoint holds no position that an evaluation under way may still need")
    func floors() async throws {
        func head(_ offset: UInt64) -> LogPosition { LogPosition(segment: 1, offset: offset) }
        let (early, late) = (TestGate(), TestGate())
        let first = Task { try await measure("a", head: head(100), through: early) }
        await early.arrivals()
        let second = Task { try await measure("b", head: head(200), through: late) }
        await late.arrivals()
        #expect(coordinator.takeChanged(head: head(300)).to == head(100))
        early.open()
        _ = try await first.value
        let (series, to) = coordinator.takeChanged(head: head(400))
        #expect(series.contains("a") && to == head(200))
        late.open()
        _ = try await second.value
        #expect(coordinator.takeChanged(head: head(500)).to == head(500))
        #expect(coordinator.takeChanged(head: head(600)).series.isEmpty)
    }

    @Test("a run that is ended during an evaluation gets that attempt; the next begins another")
    func ended() async throws {
        let gate = TestGate()
        let measuring = Task { try await measure(through: gate) }
        await gate.arrivals()
        let end = RunEnd(
            namespace: "prod", rollout: "shop", cause: "rollout.aborted", at: clock.wall.now)
        #expect(coordinator.end(end, at: clock.wall.now) == 1)
        gate.open()
        #expect(try await measuring.value.verdict.number == AttemptNumber(n: 1, epoch: 1))
        clock.advance(by: .seconds(1))
        #expect(try await measure().verdict.number == AttemptNumber(n: 1, epoch: 2))
        // The hook is sent again.
        #expect(coordinator.end(end, at: clock.wall.now) == 0)
    }

    @Test(
        "a clock that is set during an evaluation makes its repeats no new attempts",
        arguments: [Duration.seconds(-86_400), .seconds(86_400)])
    func clockSet(step: Duration) async throws {
        let gate = TestGate()
        let measuring = Task { try await measure(through: gate) }
        await gate.arrivals()
        clock.setWall(by: step)
        gate.open()
        let answer = try await measuring.value
        let again = try await measure()
        #expect(!again.isEvaluated)
        #expect(again.verdict.document == answer.verdict.document)
        clock.advance(by: .seconds(30))
        #expect(try await measure().verdict.number == AttemptNumber(n: 2, epoch: 1))
    }
}
