import Digests
import Events
import JSON
import Testing

@Suite("Digests of a rehearsal")
struct RehearsalMarkTests {
    private func rehearsal(_ log: LogScript, _ name: String) -> Event {
        Event(
            ts: log.now, level: .warn, event: name, namespace: "prod", rollout: "payments-api",
            revision: "17", message: "Rehearsal, not an incident.",
            extra: [.init("rehearsal", .bool(true))])
    }

    @Test("failures during a rehearsal are marked, from its start on")
    func marked() {
        var log = LogScript()
        log.write(rehearsal(log, EventName.rehearsalStarted))
        log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.02))
        log.pass(15)
        let said = log.said()
        #expect(said.map(\.isRehearsal) == [true])
        #expect(said.first?.kind == .failing)
    }

    @Test("a failure from before is not marked, nor one that outlasts the rehearsal")
    func real() {
        var before = LogScript()
        before.write(before.verdict(.unhealthy, attempt: 1, rate: 0.02))
        before.write(rehearsal(before, EventName.rehearsalStarted))
        before.pass(15)
        #expect(before.said().map(\.isRehearsal) == [false])

        var after = LogScript()
        after.write(rehearsal(after, EventName.rehearsalStarted))
        after.write(rehearsal(after, EventName.rehearsalFinished))
        after.write(after.verdict(.unhealthy, attempt: 1, rate: 0.02))
        after.pass(15)
        #expect(after.said().map(\.isRehearsal) == [false])
    }

    @Test("a rehearsal without a reported end marks for an hour at most")
    func bounded() {
        var log = LogScript()
        log.write(rehearsal(log, EventName.rehearsalStarted))
        log.now = log.now + .seconds(3601)
        log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.02))
        log.pass(15)
        #expect(log.said().map(\.isRehearsal) == [false])
    }

    @Test("the mark survives a restart")
    func restart() {
        var log = LogScript()
        log.write(rehearsal(log, EventName.rehearsalStarted))
        log.pass(15)
        #expect(log.said().isEmpty, "a rehearsal opens no incident")
        let checkpoint = log.machine.checkpoint()
        var states = checkpoint.changed
        for key in checkpoint.removed { states[key] = nil }
        log.machine = DigestMachine(
            settings: log.machine.settings, position: checkpoint.position, states: states)
        log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.02))
        log.pass(70)
        #expect(log.said().map(\.isRehearsal) == [true])
    }
}
