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

    @Test("an abort by a rehearsal is no news, also if its hook arrives late or has no revision")
    func abort() {
        for (late, revision) in [(5, "17"), (5, nil), (40, "17")] {
            var log = LogScript()
            log.write(log.verdict(.healthy, attempt: 1, rate: 0.001))
            log.write(rehearsal(log, EventName.rehearsalStarted))
            log.pass(5)
            if late > 5 { log.write(rehearsal(log, EventName.rehearsalFinished)) }
            log.pass(late)
            log.write(log.hook("aborted", revision: revision))
            log.pass(120)
            #expect(log.said().isEmpty)
            #expect(log.machine.openGroups == 0)
        }
    }

    @Test("an abort after a failure during a rehearsal, or long after one, is reported")
    func realAbort() {
        var during = LogScript()
        during.write(rehearsal(during, EventName.rehearsalStarted))
        during.write(during.verdict(.unhealthy, attempt: 1, rate: 0.02))
        during.pass(15)
        during.write(during.hook("aborted"))
        during.pass(15)
        #expect(during.said().map(\.kind) == [.failing, .ended])

        var after = LogScript()
        after.write(rehearsal(after, EventName.rehearsalStarted))
        after.write(rehearsal(after, EventName.rehearsalFinished))
        after.pass(90)
        after.write(after.hook("aborted"))
        after.pass(15)
        #expect(after.said().map(\.outcome) == ["aborted"])
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
