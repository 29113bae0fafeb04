import Digests
import Events
import Testing

@Suite("Storms")
struct StormTests {
    @Test("100,000 events of one group: few messages, exact counts, a small state")
    func oneGroup() {
        var machine = DigestMachine()
        var end = LogPosition(segment: 1, offset: 0)
        var now = LogScript.epoch
        var said: [Digest] = []
        let script = LogScript()
        for n in 1...100_000 {
            var event = script.verdict(
                .unhealthy, az: "az-\(n % 500)", attempt: n / 500 + 1, rate: 0.02)
            event.ts = now
            event.deltas[0].metric = "canary.metric_\(n % 90)"
            event.reasons[0].check = "check-\(n % 70)"
            end.offset += 400
            machine.observe(event, at: end, now: now)
            if n % 1000 == 0 {
                now = now + .milliseconds(600)
                said += machine.due(now: now, caughtUp: true)
            }
        }
        now = now + .seconds(1800)
        said += machine.due(now: now, caughtUp: true)
        #expect(said.count <= 3)
        #expect(said.reduce(0) { $0 + $1.events } == 100_000)
        #expect(said.last?.eventsInIncident == 100_000)
        #expect(said.allSatisfy { $0.places.count <= 32 && $0.reasons.count <= 16 })
        let omitted = said.reduce(0) { $0 + $1.omittedLines }
        #expect(omitted == 100_000 / 500 * (500 - 32))
        let given = said.reduce(0) {
            $0 + $1.omittedReasons + $1.reasons.reduce(0) { $0 + $1.count }
        }
        #expect(given == 100_000)
        #expect(machine.states.allSatisfy { $0.json.utf8.count < 300_000 })
    }

    @Test("1,000 groups at once: no more messages a window than allowed, none forgotten")
    func manyGroups() {
        let settings = DigestSettings(maxGroups: 10, storm: .off)
        var log = LogScript(settings)
        for n in 0..<1000 {
            log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.02, rollout: "r\(n)"))
        }
        log.pass(60)
        let said = log.said()
        #expect(said.count == 10)
        let rollup = said.last?.rollup
        #expect(rollup?.groups == 991)
        #expect(rollup?.members.count == 40)
        #expect(rollup?.kinds.map(\.groups) == [991])
        #expect(said.reduce(0) { $0 + $1.events } == 1000)
        log.pass(600)
        #expect(log.said().isEmpty)
    }

    @Test("Groups that start one by one use up the window's limit, then wait for one roll-up")
    func trickle() {
        var log = LogScript(DigestSettings(maxGroups: 5, storm: .off))
        for n in 0..<50 {
            log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.02, rollout: "r\(n)"))
            log.pass(1)
        }
        log.pass(60)
        let said = log.said()
        #expect(said.count == 10)
        #expect(said.filter { $0.kind == .rollup }.count == 1)
        #expect(said.reduce(0) { $0 + ($1.rollup?.groups ?? 1) } == 50)
    }

    @Test("Open groups beyond the limit are combined into one, and counted")
    func overflow() {
        var log = LogScript()
        for n in 0..<3000 {
            log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.02, rollout: "r\(n)"))
        }
        #expect(log.machine.states.count == 2049)
        log.pass(10)
        #expect(log.said().reduce(0) { $0 + $1.events } == 3000)
    }

    @Test("Quiet groups are evicted for new ones, and their stored states are deleted")
    func eviction() {
        var log = LogScript()
        var stored: Set<String> = []
        for n in 0..<3_000 {
            log.write(log.verdict(.healthy, attempt: 1, rate: 0.001, rollout: "r\(n)"))
            if n % 500 == 499 {
                let checkpoint = log.machine.checkpoint()
                stored.formUnion(checkpoint.changed.keys)
                stored.subtract(checkpoint.removed)
            }
        }
        #expect(log.machine.states.count <= 2048)
        #expect(stored.count == log.machine.states.count + 1)
    }

    /// One attempt of each rollout in each of 32 zones.
    private static func fill(_ log: inout LogScript, _ rollouts: Int, _ status: VerdictStatus) {
        for n in 0..<rollouts {
            for zone in 0..<32 {
                log.write(
                    log.verdict(
                        status, az: "a\(zone)", attempt: 1,
                        rate: status.isDegraded ? 0.02 : 0.001, rollout: "\(status)\(n)"))
            }
        }
    }

    @Test("The zones of all groups are limited: quiet groups are evicted before failing ones")
    func quietPlaces() {
        var log = LogScript(DigestSettings(storm: .off))
        Self.fill(&log, 700, .healthy)
        #expect(log.machine.states.reduce(0) { $0 + $1.sources.count } <= 4096)
        Self.fill(&log, 20, .unhealthy)
        log.pass(10)
        let said = log.said()
        #expect(said.count == 20)
        #expect(said.allSatisfy { $0.places.count == 32 && $0.omittedLines == 0 })
    }

    @Test(
        "If failing groups use all slots, further zones are counted, and each group has one")
    func failingPlaces() {
        var log = LogScript(DigestSettings(maxGroups: 1000, storm: .off))
        Self.fill(&log, 700, .unhealthy)
        log.pass(10)
        let said = log.said()
        #expect(said.count == 700)
        #expect(said.reduce(0) { $0 + $1.places.count } < 4096 + 700)
        #expect(said.allSatisfy { !$0.places.isEmpty })
        #expect(said.allSatisfy { $0.places.count + $0.omittedLines == 32 && $0.events == 32 })
    }

    @Test("A group is found however its name is written, and no other matches it")
    func names() {
        var log = LogScript()
        let long = String(repeating: "x", count: 300)
        // One letter in two spellings, and an escaped letter.
        let names = ["caf\u{E9}", "cafe\u{301}", "a\"b", "a", "ab", "b", "", long, long + "y"]
        for _ in 0..<2 {
            for name in names {
                log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.02, rollout: name))
            }
        }
        #expect(log.machine.states.count == names.count - 1)
        let saved = log.machine.checkpoint()
        log.pass(10)
        #expect(log.said().reduce(0) { $0 + $1.events } == 2 * names.count)
        #expect(saved.position == .start)
    }
}
