import Digests
import Events
import Testing

@Suite("A reader that finds no matching line")
struct PassingOverTests {
    @Test(
        "moves the cursor forward, never back, and keeps what an open window has to read again")
    func moves() {
        var machine = DigestMachine()
        let begin = LogPosition(segment: 1, offset: 0)
        machine.passOver(to: begin)
        #expect(machine.position == begin)
        machine.passOver(to: .start)
        #expect(machine.position == begin)
        #expect(machine.checkpoint().position == begin)

        let now = Timestamp(milliseconds: 1_790_000_000_000)
        machine.observe(
            Event(ts: now, event: "analysis.unhealthy", rollout: "shop", status: .unhealthy),
            at: LogPosition(segment: 1, offset: 100), now: now)
        let next = LogPosition(segment: 2, offset: 0)
        machine.passOver(to: next)
        #expect(machine.position == next)
        #expect(machine.resumePosition(head: next) == begin)
    }
}
