import Digests
import Events
import Testing

@Suite("Routing of digests")
struct RouteTests {
    private static let routes = DigestRoute(
        receivers: ["kept"],
        routes: [
            DigestRoute(
                matchers: [Matcher("level", "error")], receivers: ["audit"], goesOn: true),
            DigestRoute(
                matchers: [Matcher("namespace", "prod")], receivers: ["oncall", "mail"],
                routes: [
                    DigestRoute(
                        matchers: [Matcher("rollout", .contains, "pay")],
                        receivers: ["payments"]),
                    DigestRoute(matchers: [Matcher("az", "eu-west-1a")], receivers: ["europe"]),
                ]),
            DigestRoute(matchers: [Matcher("kind", .differs, "notice")], receivers: ["rest"]),
        ])

    private func receivers(_ event: (LogScript) -> Event) -> [String]? {
        var log = LogScript(DigestSettings(route: Self.routes))
        log.write(event(log))
        log.pass(10)
        return log.said().first?.receivers
    }

    @Test("The first match applies, recursively; else the parent's receivers; continue goes on")
    func tree() {
        #expect(receivers { $0.verdict(.unhealthy) } == ["payments"])
        #expect(receivers { $0.verdict(.unhealthy, rollout: "search") } == ["europe"])
        #expect(
            receivers { $0.verdict(.unhealthy, az: "us", rollout: "search") } == ["oncall", "mail"])
        #expect(receivers { $0.notice("x", level: .warn) } == ["kept"])
        #expect(receivers { $0.notice("x", level: .error) } == ["audit"])
        #expect(
            receivers { $0.notice("x", level: .error, rollout: "search") }
                == ["audit", "oncall", "mail"])
        var staging = Event(ts: LogScript.epoch, event: "analysis.unknown")
        staging.namespace = "staging"
        #expect(receivers { _ in staging } == ["rest"])
    }

    @Test("A roll-up contains only groups with the same receivers")
    func rollup() {
        var log = LogScript(DigestSettings(maxGroups: 1, storm: .off, route: Self.routes))
        for n in 0..<10 {
            log.write(log.verdict(.unhealthy, rollout: n < 4 ? "pay-\(n)" : "search-\(n)"))
        }
        log.pass(10)
        let said = log.said()
        #expect(said.map(\.receivers) == [["europe"], ["payments"]])
        #expect(said.map { $0.rollup?.groups } == [6, 4])
    }

    @Test("Common forms of matchers")
    func matchers() {
        #expect(Matcher("namespace=prod") == Matcher("namespace", "prod"))
        #expect(Matcher("kind!=notice") == Matcher("kind", .differs, "notice"))
        #expect(Matcher("rollout~a=b") == Matcher("rollout", .contains, "a=b"))
        #expect(Matcher("a=")?.value == "")
        #expect(Matcher("nothing") == nil && Matcher("=x") == nil && Matcher("") == nil)
        #expect(Matcher("a!=b")?.description == "a!=b")
    }
}
