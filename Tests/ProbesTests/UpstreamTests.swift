import Events
import Synchronization
import Telemetry
import TestSupport
import Testing
import Transfer

@testable import Probes

@Suite("The circuit breaker of an upstream")
final class CircuitTests {
    var circuit = Circuit(failures: 3, coolDown: .seconds(10))

    private func admits(at now: Duration) -> Bool { circuit.admits(at: now) }

    @Test("opens after consecutive failures only")
    func inARow() {
        for round in 0..<5 {
            let now = Duration.seconds(round)
            #expect(admits(at: now))
            circuit.failed(at: now)
            circuit.failed(at: now)
            circuit.succeeded()
        }
        for _ in 0..<3 { circuit.failed(at: .seconds(5)) }
        #expect(circuit.state == .open(until: .seconds(15)))
        #expect(!admits(at: .seconds(14)))
    }

    @Test("after the cool-down only one call is tried; its success closes the circuit")
    func trial() {
        for _ in 0..<3 { circuit.failed(at: .zero) }
        #expect(admits(at: .seconds(10)))
        #expect(!admits(at: .seconds(10)))
        #expect(!admits(at: .seconds(1000)))
        circuit.succeeded()
        #expect(circuit.state == .closed(failures: 0))
        #expect(admits(at: .seconds(10)) && admits(at: .seconds(10)))
    }

    @Test("a failed trial opens it again at once")
    func failedTrial() {
        for _ in 0..<3 { circuit.failed(at: .zero) }
        #expect(admits(at: .seconds(11)))
        circuit.failed(at: .seconds(12))
        #expect(circuit.state == .open(until: .seconds(22)))
    }

    @Test("an abandoned trial does not block later ones")
    func abandonedTrial() {
        for _ in 0..<3 { circuit.failed(at: .zero) }
        #expect(admits(at: .seconds(11)))
        circuit.abandoned(at: .seconds(12))
        #expect(admits(at: .seconds(12)))
    }

    @Test("calls from before it opened neither close it nor keep it open longer")
    func stragglers() {
        for _ in 0..<3 { circuit.failed(at: .zero) }
        circuit.failed(at: .seconds(5))
        circuit.succeeded()
        circuit.abandoned(at: .seconds(5))
        #expect(circuit.state == .open(until: .seconds(10)))
    }
}

@Suite("The retry budget")
struct RetryBudgetTests {
    @Test("over a long outage a fifth of the first attempts, plus the reserve")
    func share() {
        let budget = RetryBudget(share: 0.2, reserve: 5)
        var seconds = 0
        for _ in 0..<1000 {
            budget.earn()
            if budget.spend() { seconds += 1 }
        }
        #expect((204...205).contains(seconds))
    }

    @Test("a quiet period saves no more than the reserve")
    func reserve() {
        let budget = RetryBudget(share: 0.2, reserve: 3)
        for _ in 0..<1000 { budget.earn() }
        #expect((0..<10).map { _ in budget.spend() }.count { $0 } == 3)
    }
}

/// Attempts with scripted results; the last one repeats.
private final class Script: Sendable {
    private let state: Mutex<(ends: [MissingDataReason], allowances: [Duration])>

    init(_ ends: [MissingDataReason]) { state = Mutex((ends, [])) }

    var allowances: [Duration] { state.withLock { $0.allowances } }

    func attempt(_ allowance: Duration) throws(MissingData) -> HTTPReply {
        let reason = state.withLock { state in
            state.allowances.append(allowance)
            return state.ends.count > 1 ? state.ends.removeFirst() : state.ends[0]
        }
        throw MissingData(reason)
    }
}

@Suite("Attempts at an upstream")
struct UpstreamTests {
    let clock = ManualClock()

    private func reason(
        _ script: Script, method: String = "GET", attempts: Int = 2, reserve: Double = 100,
        calls: Int = 1, allowance: Duration = .seconds(2)
    ) async -> MissingDataReason? {
        // No jitter, so that no attempt waits on the manual clock.
        let policy = UpstreamPolicy(
            attempts: attempts, jitter: .zero, circuitFailures: 3, coolDown: .seconds(10),
            budget: RetryBudget(share: 0, reserve: reserve))
        let upstream = Upstream(
            HTTPSource(url: "http://x/", method: method), policy, clock
        ) { (_, allowance) throws(MissingData) in try script.attempt(allowance) }
        var reason: MissingDataReason?
        for _ in 0..<calls {
            do throws(MissingData) { _ = try await upstream.reply(within: allowance) } catch {
                reason = error.reason
            }
        }
        return reason
    }

    @Test("two attempts, each at most 0.8 s")
    func two() async {
        let script = Script([.refused, .timeout])
        #expect(await reason(script) == .timeout)
        #expect(script.allowances == [.milliseconds(800), .milliseconds(800)])
    }

    @Test("never more time than the probe has")
    func allowance() async {
        let script = Script([.refused])
        #expect(await reason(script, allowance: .milliseconds(300)) == .refused)
        #expect(script.allowances == [.milliseconds(300), .milliseconds(300)])
    }

    @Test("a method with side effects, and a permanent failure, are tried once")
    func once() async {
        let post = Script([.refused])
        #expect(await reason(post, method: "POST") == .refused)
        #expect(post.allowances.count == 1)
        for reason in [MissingDataReason.tls, .tooLarge, .cancelled, .fault] {
            let script = Script([reason])
            #expect(await self.reason(script) == reason)
            #expect(script.allowances.count == 1)
        }
    }

    @Test("an empty budget still permits the first attempt")
    func budget() async {
        let script = Script([.refused])
        #expect(await reason(script, reserve: 0) == .refused)
        #expect(script.allowances.count == 1)
    }

    @Test("all probes share one budget")
    func sharedBudget() async {
        let policy = UpstreamPolicy(
            attempts: 2, jitter: .zero, budget: RetryBudget(share: 0, reserve: 1))
        let (first, second) = (Script([.refused]), Script([.refused]))
        for script in [first, second] {
            let upstream = Upstream(HTTPSource(url: "http://x/"), policy, clock) {
                (_, allowance) throws(MissingData) in try script.attempt(allowance)
            }
            await #expect(throws: MissingData.self) {
                try await upstream.reply(within: .seconds(2))
            }
        }
        #expect(first.allowances.count == 2)
        #expect(second.allowances.count == 1)
    }

    @Test("three failed calls open the circuit; the fourth sends nothing")
    func circuit() async {
        let script = Script([.refused])
        #expect(await reason(script, attempts: 1, calls: 4) == .circuitOpen)
        #expect(script.allowances.count == 3)
    }

    @Test("the circuit lets one call through after the cool-down")
    func recovery() async throws {
        let engine = TransferEngine(telemetry: .silent)
        let server = try ScriptedServer { $0.answer("{}") }
        let upstream = Upstream(
            "x", HTTPSource(url: server.url), engine,
            UpstreamPolicy(attempts: 1, circuitFailures: 1, coolDown: .seconds(10)), clock)
        // No time at all is a timeout, which counts as a failure.
        await #expect(throws: MissingData(.timeout, "no time left for a request")) {
            try await upstream.reply(within: .zero)
        }
        await #expect(throws: MissingData.self) { try await upstream.reply(within: .seconds(20)) }
        clock.advance(by: .seconds(10))
        #expect(try await upstream.reply(within: .seconds(20)).status == 200)
        #expect(server.requests.count == 1)
    }

    @Test("delays are drawn from zero to the ceiling")
    func jitter() {
        let policy = UpstreamPolicy()
        var generator = SeededRandom(seed: 7)
        let waits = (0..<1000).map { _ in policy.wait(using: &generator) }
        #expect(waits.allSatisfy { $0 >= .zero && $0 <= .milliseconds(400) })
        #expect(Set(waits).count > 200)
    }
}
