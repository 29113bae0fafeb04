import Digests
import Events
import JSON
import Testing

@testable import Rendering

@Suite("The words of messages about many groups")
struct CombinedWordsTests {
    /// A machine with its own clock and log.
    private struct Log {
        var machine: DigestMachine
        var now = Timestamp(milliseconds: 1_795_600_800_000)
        var end = LogPosition(segment: 1, offset: 0)
        var said: [Digest] = []

        init(_ settings: DigestSettings = DigestSettings()) {
            machine = DigestMachine(settings: settings)
        }

        mutating func pass(_ seconds: Int) {
            for _ in 0..<seconds {
                now = now + .seconds(1)
                said += machine.due(now: now, caughtUp: true)
            }
        }

        mutating func fail(
            _ n: Int, az: String = "a", node: String = "gw-a1", metric: String = "canary.5xx_rate",
            attempt: Int = 1, status: VerdictStatus = .unhealthy, policy: String = "sha256:p1",
            binary: String = "sha256:b1", extra: [JSONValue.Member] = []
        ) {
            write(
                Event(
                    id: "e\(end.offset)", ts: now, level: .error,
                    event: EventName.analysis(status), node: node, az: az, namespace: "prod",
                    rollout: "service-\(n)", revision: "17", attempt: attempt, status: status,
                    deltas: [
                        MetricDelta(
                            metric: metric, value: 0.02, limit: 0.01, unit: .ratio,
                            state: status == .healthy ? .pass : .fail)
                    ], policy: policy, binary: binary, extra: extra))
        }

        mutating func hook(_ word: String, _ n: Int) {
            write(
                Event(
                    id: "h\(end.offset)", ts: now, event: "rollout.\(word)", namespace: "prod",
                    rollout: "service-\(n)", revision: "17"))
        }

        private mutating func write(_ event: Event) {
            end.offset += 100
            machine.observe(event, at: end, now: now)
        }
    }

    @Test("A storm is named after its zone, its check, its policy or its binary")
    func headlines() {
        func headline(_ fail: (inout Log, Int) -> Void) -> String? {
            var log = Log()
            // Another rollout is judged by another policy and measured by another binary.
            log.fail(99, az: "z", node: "gw-z", status: .healthy, policy: "p0", binary: "b0")
            for n in 0..<5 { fail(&log, n) }
            log.pass(10)
            return log.said.first.map {
                MessageView(digest: $0, options: RenderOptions(), limits: .mail).words.headline
            }
        }
        #expect(
            headline { $0.fail($1, node: "gw-\($1)", metric: "m\($1)") }
                == "5 rollouts failing in a, since 10:00Z")
        #expect(
            headline { $0.fail($1, az: "a\($1)", node: "gw-\($1)", metric: "dependency.db") }
                == "5 rollouts failing, all by dependency.db, since 10:00Z")
        #expect(
            headline { log, n in
                log.fail(n, az: "a\(n)", node: "gw-\(n)", metric: "m\(n)", binary: "b\(n)")
            } == "5 rollouts failing, all judged by policy p1, since 10:00Z")
        #expect(
            headline { log, n in
                log.fail(n, az: "a\(n)", node: "gw-\(n)", metric: "m\(n)", policy: "p\(n)")
            } == "5 rollouts failing, all measured by binary b1, since 10:00Z")
    }

    private static let renderer = Renderer()

    @Test("A storm names the runs that ended, and is aborted if all of them were")
    func aborted() throws {
        var log = Log()
        for n in 0..<5 { log.fail(n) }
        log.pass(15)
        log.hook("aborted", 3)
        log.pass(1)
        let first = try #require(log.said.last)
        let text = Self.renderer.render(first).text
        #expect(text.contains("aborted: prod/service-3"))
        #expect(text.contains("(1 aborted)"))
        for n in [0, 1, 2, 4] { log.hook("aborted", n) }
        log.pass(70)
        let end = Self.renderer.render(try #require(log.said.last))
        #expect(end.subject.hasPrefix("[ABORTED] "))
        #expect(end.text.contains("aborted: prod/service-0, prod/service-1, prod/service-2, "))
        #expect(end.text.contains("Nothing to stop any more: the runs are over."))
    }

    @Test("A storm's members name a pause and a reached limit")
    func members() throws {
        var log = Log()
        for n in 0..<5 { log.fail(n) }
        log.pass(15)
        log.hook("paused", 1)
        log.fail(2, attempt: 2, extra: [.init("failure_limit", .number("1"))])
        log.pass(1)
        let rendered = Self.renderer.render(try #require(log.said.last))
        #expect(rendered.text.contains("service-1 (prod, revision 17) — paused for a decision"))
        #expect(rendered.text.contains("service-2 (prod, revision 17) — failing, at a limit"))
        #expect(rendered.text.contains("1 paused for a decision, 1 at a limit"))
        #expect(rendered.model.contains(#""at_limit":1"#))
    }

    @Test("Combined aborts read as aborts: state, members, advice")
    func combined() throws {
        var log = Log(DigestSettings(maxGroups: 1, storm: .off))
        for n in 0..<3 { log.fail(n) }
        log.pass(15)
        #expect(Self.renderer.render(try #require(log.said.last)).subject.hasPrefix("[FAILING] "))
        log.pass(60)
        for n in 0..<3 { log.hook("aborted", n) }
        log.pass(15)
        let rendered = Self.renderer.render(try #require(log.said.last))
        #expect(rendered.subject.hasPrefix("[ABORTED] "))
        #expect(rendered.text.contains("3 canaries aborted"))
        #expect(rendered.text.contains("service-1 (prod, revision 17) — aborted"))
        #expect(!rendered.text.contains("before you abort"))
        #expect(rendered.text.contains("Nothing to stop any more: the runs are over."))
        #expect(rendered.model.contains(#""outcome":"aborted""#))
    }

    @Test("A storm that nobody measures says since when, at its reminder and at its end")
    func unmeasured() throws {
        var log = Log()
        for n in 0..<6 { log.fail(n) }
        log.pass(15)
        log.hook("aborted", 0)
        log.pass(4000)
        let words = log.said.suffix(2).map(Self.renderer.render)
        #expect(
            words.first?.text.contains(
                "5 rollouts still failing in a, all on gw-a1, since 10:00Z, "
                    + "no measurement since 10:00Z (1 aborted)") == true)
        #expect(
            words.last?.text.contains(
                "6 rollouts in a, all on gw-a1, since 10:00Z: 1 aborted, "
                    + "no measurement of 5 since 10:00Z") == true)
        #expect(words.last?.text.contains("Check the state of the rollouts.") == true)
        #expect(words.last?.subject.hasPrefix("[ENDED] ") == true)
    }

    @Test("A digest's JSON gives no total that its attempts exceed")
    func attempts() throws {
        var log = Log()
        for n in 1...6 { log.fail(0, attempt: n, extra: [.init("run_count", .number("4"))]) }
        log.pass(15)
        let model = Self.renderer.render(try #require(log.said.last)).model
        let tree = try JSONValue(parsing: Array(model.utf8), limits: .event)
        #expect(tree["attempts"]?["last"]?.integer == 6)
        #expect(tree["attempts"]?["of"]?.integer == nil)
        var short = Log()
        short.fail(0, attempt: 3, extra: [.init("run_count", .number("4"))])
        short.pass(15)
        let other = Self.renderer.render(try #require(short.said.last)).model
        let known = try JSONValue(parsing: Array(other.utf8), limits: .event)
        #expect(known["attempts"]?["of"]?.integer == 4)
    }
}
