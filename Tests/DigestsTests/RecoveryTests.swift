import Digests
import Events
import JSON
import Testing

@Suite("The end of an incident")
struct RecoveryTests {
    @Test(
        "A place or a concern that is not tracked and fails keeps the incident open",
        arguments: [true, false])
    func untracked(zones: Bool) {
        var log = LogScript()
        func attempt(_ n: Int, failing: Bool) {
            let count = zones ? 33 : 9
            for i in 1...count {
                log.write(
                    log.verdict(
                        failing && i == count ? .unhealthy : .healthy,
                        az: zones ? "zone-\(i)" : "a", attempt: n,
                        rate: failing && i == count ? 0.02 : 0.001,
                        concern: zones ? "all" : "concern-\(i)"))
            }
            log.pass(30)
        }
        for n in 1...10 { attempt(n, failing: n > 2) }
        let said = log.said()
        #expect(said.map(\.kind) == [.failing])
        #expect(said.first?.status == .unhealthy)
        let checkpoint = log.machine.checkpoint()
        log.machine = DigestMachine(position: checkpoint.position, states: log.stored(checkpoint))
        for n in 11...80 { attempt(n, failing: n < 15) }
        let rest = log.said()
        #expect(rest.last?.kind == .recovered)
        #expect(rest.filter { $0.kind == .recovered }.count == 1)
        let end = rest.last?.incidentEnd ?? log.now
        #expect(end >= LogScript.epoch + .seconds(14 * 30 + 1740))
        #expect(log.machine.openGroups == 0)
    }

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

    @Test("A failing zone that is measured no more has not recovered: the incident ends so")
    func goneZone() {
        var log = LogScript()
        for az in ["a", "b"] { log.write(log.verdict(.unhealthy, az: az, attempt: 1, rate: 0.03)) }
        log.pass(10)
        #expect(log.said().count == 1)
        for n in 2...70 {
            log.write(log.verdict(.healthy, az: "a", attempt: n, rate: 0.001))
            log.pass(30)
        }
        let said = log.said()
        #expect(said.map(\.kind) == [.ended])
        #expect(said.last?.status == .unhealthy)
        #expect(log.machine.openGroups == 0)
    }

    @Test("While the failure limit is reached, healthy attempts are no recovery")
    func limit() {
        var log = LogScript()
        func attempt(_ n: Int, _ status: VerdictStatus, run: String) {
            var event = log.verdict(
                status, attempt: n, rate: status == .healthy ? 0.001 : 0.02, series: run)
            event.extra.append(JSONValue.Member("failure_limit", .number("0")))
            log.write(event)
        }
        attempt(1, .unhealthy, run: "a")
        log.pass(10)
        for n in 2...9 {
            attempt(n, .healthy, run: "a")
            log.pass(30)
        }
        #expect(log.said().map(\.kind) == [.failing])
        // The next run starts without failures.
        for n in 1...2 {
            attempt(n, .healthy, run: "b")
            log.pass(30)
        }
        log.pass(60)
        #expect(log.said().map(\.kind) == [.recovered])
    }

    @Test("After an abort, verdicts that were under way neither recover nor fail the run again")
    func stragglers() {
        for status in [VerdictStatus.unhealthy, .healthy] {
            var log = LogScript()
            log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.03, series: "s/1"))
            log.pass(10)
            log.write(log.hook("aborted"))
            log.pass(milliseconds: 250)
            #expect(log.said().map(\.outcome) == [nil, "aborted"])
            for n in 2...5 {
                log.write(log.verdict(status, attempt: n, rate: 0.03, series: "s/1"))
                log.pass(5)
            }
            log.pass(60)
            #expect(log.said().isEmpty)
            // Argo fires the trigger for the Rollout and for its AnalysisRun.
            #expect(log.machine.openGroups == 0)
        }
        // A retry is a new run: its failure is news.
        var log = LogScript()
        log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.03, series: "s/1"))
        log.pass(10)
        log.write(log.hook("aborted"))
        log.pass(1)
        _ = log.said()
        log.write(log.hook("aborted"))
        log.pass(1)
        #expect(log.said().isEmpty)
        log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.03, series: "s/2"))
        log.pass(10)
        #expect(log.said().map(\.kind) == [.failing])
    }

    @Test("An abort of a rollout in which nothing failed here is reported, too")
    func foreignAbort() {
        var log = LogScript()
        log.write(log.verdict(.healthy, attempt: 1, rate: 0.001))
        log.write(log.hook("aborted", revision: nil))
        log.pass(1)
        let said = log.said()
        #expect(said.map(\.outcome) == ["aborted"])
        #expect(said.first?.group["revision"] == "17")
        log.write(log.hook("completed"))
        log.pass(120)
        #expect(log.said().isEmpty)
    }

    @Test("A rollout that waits for a person is reported at once, also if nothing failed")
    func foreignPause() {
        var log = LogScript()
        log.write(log.verdict(.healthy, attempt: 1, rate: 0.001))
        log.write(log.hook("paused"))
        log.pass(1)
        #expect(log.said().map { $0.notices.map(\.event) } == [["rollout.paused"]])
    }

    @Test("A failure without further attempts is reported once more when promised, then closed")
    func silence() {
        var log = LogScript()
        log.write(log.verdict(.unhealthy, attempt: 1, rate: 0.03))
        log.pass(10_000)
        let said = log.said()
        #expect(said.map(\.kind) == [.failing, .failing, .ended])
        #expect(said.first?.next == said.dropFirst().first?.composedAt)
        #expect(said.dropFirst().first?.next == said.last?.composedAt)
        #expect(said.map(\.unmeasuredSince) == [nil, LogScript.epoch, LogScript.epoch])
        #expect(said.last?.outcome == nil)
        #expect(said.last?.incidentEnd == LogScript.epoch)
        #expect(log.machine.nextDeadline == nil)
    }

    @Test("A paused canary is reported at every promised time, also after a restart")
    func waiting() {
        var log = LogScript()
        log.write(log.verdict(.unknown, attempt: 1))
        log.pass(10)
        log.write(log.hook("paused"))
        log.pass(1)
        var said = log.said()
        for _ in 0..<5 {
            let promised = said.last?.next
            let checkpoint = log.machine.checkpoint()
            log.machine = DigestMachine(
                position: checkpoint.position, states: log.stored(checkpoint))
            log.pass(1801)
            said = log.said()
            #expect(said.map(\.composedAt) == [promised])
            #expect(said.map(\.outcome) == ["paused"])
        }
        log.write(log.hook("resumed"))
        for n in 2...4 {
            log.write(log.verdict(.healthy, attempt: n, rate: 0.001))
            log.pass(30)
        }
        log.pass(60)
        #expect(log.said().map(\.kind) == [.recovered])
    }

    @Test("A paused canary whose metrics recover is not over before somebody decides")
    func recoveredWhileWaiting() {
        var log = LogScript()
        log.write(log.verdict(.unknown, attempt: 1))
        log.pass(10)
        log.write(log.hook("paused"))
        for n in 2...4 {
            log.write(log.verdict(.healthy, attempt: n, rate: 0.001))
            log.pass(30)
        }
        log.pass(1801)
        let said = log.said()
        #expect(said.last?.outcome == "paused")
        #expect(said.allSatisfy { $0.incidentEnd == nil && $0.kind == .failing })
    }

    @Test("A rollout that waits for a day without a decision is reported no more")
    func forgotten() {
        var log = LogScript(DigestSettings(repeatEvery: .seconds(7200)))
        log.write(log.verdict(.unknown, attempt: 1))
        log.pass(10)
        log.write(log.hook("paused"))
        log.pass(milliseconds: 2 * 86_400_000)
        let said = log.said()
        #expect(said.last?.kind == .ended)
        #expect(said.count == 14)
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
        #expect(said.last?.flaps ?? 0 >= 3)
        // From the third time on it is one incident.
        #expect(Set(said.map(\.thread)).count == 2)

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
        arguments: ["aborted", "promoted", "completed"])
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
        log.write(Self.end("completed", at: log.now, revision: "16"))
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
