import Digests
import Events
import Testing

@Suite("Windows when the clock is set")
struct ClockTests {
    private static let day = Duration.seconds(86_400)
    static let steps = [day, .zero - day, .zero - day * 365, day * 365]

    @Test("an open window closes at its original time", arguments: steps)
    func window(step: Duration) {
        var log = LogScript()
        log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.02))
        log.pass(4)
        log.set(step)
        log.pass(5)
        #expect(log.said().isEmpty)
        log.pass(1)
        #expect(log.said().map(\.kind) == [.failing])
    }

    @Test("the next message of a reported incident keeps its distance, no more", arguments: steps)
    func paced(step: Duration) {
        var log = LogScript()
        log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.02))
        log.pass(10)
        #expect(log.said().count == 1)
        log.set(step)
        // Another node of the zone: reported one window after the last message.
        log.write(log.another(attempt: 1))
        let window = Int(log.machine.settings.window.components.seconds)
        log.pass(window - 1)
        #expect(log.said().isEmpty)
        log.pass(1)
        let said = log.said()
        #expect(said.map(\.ordinalSuffix) == ["2"])
        #expect(said.allSatisfy { $0.composedAt <= log.now })
    }

    @Test("an unchanged failure is repeated at its original time", arguments: steps)
    func repeated(step: Duration) {
        var log = LogScript()
        log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.02))
        log.pass(10)
        #expect(log.said().count == 1)
        log.pass(600)
        log.set(step)
        log.write(log.verdict(.unhealthy, attempt: 2, rate: 0.02))
        log.pass(1199)
        #expect(log.said().isEmpty)
        log.pass(1)
        #expect(log.said().map(\.occasion) == [.repeated])
    }

    @Test(
        "news is dated when it is reported, whatever its own time, and states its delay",
        arguments: [-45 * 86_400, -7200, -310, -200, 0, 86_400])
    func late(skew: Int) throws {
        var log = LogScript()
        var event = log.verdict(.unhealthy, attempt: 1, rate: 0.02)
        event.ts = event.ts + .seconds(skew)
        log.write(event)
        log.pass(10)
        let digest = try #require(log.said().first)
        #expect((LogScript.epoch...log.now).contains(digest.composedAt))
        #expect(digest.from == event.ts)
        let age = digest.composedAt - event.ts
        #expect(digest.late == (skew < -300 ? age : .zero))
        // It is reported once.
        log.write(log.verdict(.unhealthy, az: "us-east-1b", attempt: 2, rate: 0.02))
        log.pass(60)
        #expect(log.said().map(\.late) == [.zero])
    }

    @Test(
        "a clock that was set while the process was down delays nothing",
        arguments: [day, .zero - day, .zero - day * 365])
    func restart(step: Duration) {
        var log = LogScript()
        log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.02))
        log.pass(10)
        #expect(log.said().count == 1)
        let checkpoint = log.machine.checkpoint()
        log.machine = DigestMachine(
            position: checkpoint.position, states: checkpoint.changed)
        log.now = log.now + step
        log.machine.forgetFuture(of: log.now)
        log.write(log.another(attempt: 1))
        // Nothing is reported twice, and the news within a window from now.
        log.pass(Int(log.machine.settings.window.components.seconds))
        #expect(log.said().map(\.ordinalSuffix) == ["2"])
    }

    @Test("the message limit recovers with elapsed time, not with a clock jump")
    func allowance() {
        var log = LogScript(DigestSettings(maxGroups: 2))
        for name in ["a", "b", "c"] {
            log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.02, rollout: name))
        }
        log.pass(10)
        #expect(log.said().count == 2)
        log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.02, rollout: "d"))
        log.set(.zero - Self.day)
        let window = Int(log.machine.settings.window.components.seconds)
        log.pass(window - 1)
        #expect(log.said().isEmpty)
        log.pass(1)
        #expect(log.said().count == 1)
    }
}

extension LogScript {
    /// A failure on a second node of the zone.
    fileprivate func another(attempt: Int) -> Event {
        var event = verdict(.unhealthy, attempt: attempt, rate: 0.02)
        event.node = "gw-2"
        return event
    }

    /// Sets the clock and notifies the machine, as its owner does.
    fileprivate mutating func set(_ step: Duration) {
        now = now + step
        machine.clockSet(by: step)
    }
}
