import Digests
import Events
import Testing

@Suite("The end of an incident")
struct RecoveryTests {
    @Test("Every failed zone must be healthy twice; one message with worst value and duration")
    func recovery() {
        var log = LogScript()
        for az in ["a", "b"] { log.write(log.verdict(.unhealthy, az: az, attempt: 3, rate: 0.03)) }
        log.write(log.verdict(.healthy, az: "c", attempt: 3, rate: 0.001))
        let start = log.now
        log.pass(100)
        #expect(log.said().count == 1)

        for n in 4...5 { log.write(log.verdict(.healthy, az: "a", attempt: n, rate: 0.001)) }
        log.write(log.verdict(.healthy, az: "b", attempt: 4, rate: 0.001))
        log.pass(60)
        #expect(log.said().isEmpty, "b has one healthy attempt")

        log.write(log.verdict(.healthy, az: "b", attempt: 5, rate: 0.002))
        log.pass(60)
        let said = log.said()
        #expect(said.map(\.kind) == [.recovered])
        #expect(said.first?.status == .healthy)
        #expect(said.first?.worst == .unhealthy)
        #expect(said.first?.metrics.first?.worst == 0.03)
        #expect(said.first?.incidentEnd == start + .seconds(160))
        #expect(said.first?.places.map(\.az).sorted() == ["a", "b"])
        #expect(said.first?.healthyPlaces == 1)
        #expect(said.first?.next == nil)
        #expect(log.machine.states.first?.isFailing == false)

        log.pass(7200)
        #expect(log.said().isEmpty)
    }

    @Test("A failure that recovers before the first message is still reported")
    func brief() {
        var log = LogScript(DigestSettings(recoverAfter: 1))
        log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.03))
        log.pass(2)
        log.write(log.verdict(.healthy, attempt: 2, rate: 0.001))
        log.pass(20)
        let said = log.said()
        #expect(said.map(\.kind) == [.recovered])
        #expect(said.first?.occasion == .first)
        #expect(said.first?.attempts.counts == StatusCounts(healthy: 1, unhealthy: 1))
    }

    @Test("analysis.recovered beside analysis.healthy counts as one attempt")
    func twoEventsOneAttempt() {
        var log = LogScript()
        log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.03))
        log.pass(70)
        log.write(log.verdict(.healthy, attempt: 2, rate: 0.001))
        var twin = log.verdict(.healthy, attempt: 2, rate: 0.001)
        twin.event = EventName.recovered
        log.write(twin)
        log.pass(30)
        #expect(log.said().map(\.kind) == [.failing])
        log.write(log.verdict(.healthy, attempt: 3, rate: 0.001))
        log.pass(30)
        #expect(log.said().map(\.kind) == [.recovered])
    }

    @Test("One concern's health does not end another concern's failure")
    func concerns() {
        var log = LogScript(DigestSettings(recoverAfter: 1))
        log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.03, concern: "errors"))
        log.write(log.verdict(.healthy, attempt: 1, rate: 0.03, concern: "latency"))
        log.pass(300)
        #expect(log.said().map(\.kind) == [.failing])
    }

    @Test("A zone without events is not awaited beyond repeat")
    func goneZone() {
        var log = LogScript()
        for az in ["a", "b"] { log.write(log.verdict(.unhealthy, az: az, attempt: 1, rate: 0.03)) }
        log.pass(10)
        #expect(log.said().count == 1)
        for n in 2...70 {
            log.write(log.verdict(.healthy, az: "a", attempt: n, rate: 0.001))
            log.pass(30)
        }
        #expect(log.said().last?.kind == .recovered)
    }

    @Test("A failure without further attempts is closed with one message")
    func silence() {
        var log = LogScript()
        log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.03))
        log.pass(10_000)
        let said = log.said()
        #expect(said.map(\.kind) == [.failing, .ended])
        #expect(said.last?.outcome == nil)
        #expect(said.last?.incidentEnd == LogScript.epoch)
        #expect(log.machine.nextDeadline == nil)
    }

    @Test("A hook closes the group, even if a failure arrives late")
    func outcome() {
        var log = LogScript()
        log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.03))
        log.pass(100)
        let late = log.verdict(.unhealthy, az: "us-east-1b", attempt: 1, rate: 0.03)
        log.pass(1)
        log.write(
            Event(
                ts: log.now, event: "rollout.aborted", namespace: "prod", rollout: "payments-api",
                revision: "17"))
        log.write(late)
        log.pass(60)
        let said = log.said()
        #expect(said.map(\.kind) == [.failing, .ended])
        #expect(said.last?.outcome == "aborted")
    }

    @Test("A group that repeatedly fails and recovers is reported as flapping, once")
    func flapping() {
        var log = LogScript(DigestSettings(recoverAfter: 1))
        for n in 0..<30 {
            log.write(
                log.verdict(n % 2 == 0 ? .unhealthy : .healthy, attempt: n + 1, rate: 0.02))
            log.pass(70)
        }
        let said = log.said()
        #expect(said.filter { $0.changes.contains(.flapping) }.count == 1)
        #expect(said.count <= 7, "\(said.map { "\($0.kind) \($0.occasion)" })")
        #expect(said.last?.flaps == 3)

        for n in 31...40 {
            log.write(log.verdict(.healthy, attempt: n, rate: 0.002))
            log.pass(70)
        }
        #expect(log.said().map(\.kind) == [.recovered])
    }
}

@Suite("Ends reported by a hook")
struct OutcomeTests {
    static func end(_ word: String, at moment: Timestamp, revision: String? = nil) -> Event {
        Event(
            ts: moment, event: "rollout.\(word)", namespace: "prod", rollout: "payments-api",
            revision: revision)
    }

    @Test(
        "close the group with their reason, even without the revision",
        arguments: ["aborted", "promoted", "completed", "paused"])
    func ends(word: String) {
        for revision in ["17", nil] {
            var log = LogScript()
            log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.02))
            log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.02, rollout: "search"))
            log.pass(70)
            _ = log.said()
            log.write(Self.end(word, at: log.now, revision: revision))
            log.pass(70)
            #expect(log.said().map(\.outcome) == [word])
            #expect(log.machine.openGroups == 1)
        }
    }

    @Test("A run of another revision, or a namespace alone, ends nothing")
    func others() {
        var log = LogScript()
        log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.02))
        log.pass(70)
        _ = log.said()
        log.write(Self.end("aborted", at: log.now, revision: "16"))
        var bare = Self.end("aborted", at: log.now)
        bare.rollout = nil
        log.write(bare)
        log.pass(70)
        #expect(log.said().isEmpty)
        #expect(log.machine.openGroups == 1)
    }

    @Test("The value before the incident is shown, also after a silence held one back")
    func firstValue() {
        var log = LogScript(DigestSettings(recoverAfter: 1))
        log.machine.silences = [SilenceTests.silence(seconds: 600)]
        for rate in [0.002, 0.03, 0.002, 0.002, 0.02, 0.04] {
            log.write(log.verdict(rate > 0.01 ? .unhealthy : .healthy, attempt: 1, rate: rate))
            log.pass(30)
        }
        log.machine.silences = []
        log.pass(5)
        #expect(log.said().flatMap(\.metrics).map(\.first) == [0.002])
    }
}
