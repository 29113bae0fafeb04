import Digests
import Events
import Testing

@Suite("Routing of digests")
struct RouteTests {
    private static let isNoNotice = try? Filter("kind!=notice", .digests(groupBy: []))
    private static let routes = DigestRoute(
        receivers: ["kept"],
        routes: [
            DigestRoute(
                filter: .equal("level", "error"), receivers: ["audit"], goesOn: true),
            DigestRoute(
                filter: .equal("namespace", "prod"), receivers: ["oncall", "mail"],
                routes: [
                    DigestRoute(
                        filter: .contains("rollout", "pay"),
                        receivers: ["payments"]),
                    DigestRoute(filter: .equal("az", "eu-west-1a"), receivers: ["europe"]),
                ]),
            DigestRoute(filter: isNoNotice ?? .never, receivers: ["rest"]),
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

    @Test("A route takes what its filter selects: one of several zones is enough")
    func filters() throws {
        func isTaken(_ text: String) throws -> Bool {
            let filter = try Filter(text, .digests(groupBy: ["namespace", "rollout", "revision"]))
            let route = DigestRoute(
                receivers: ["rest"], routes: [DigestRoute(filter: filter, receivers: ["taken"])])
            var log = LogScript(DigestSettings(route: route))
            log.write(log.verdict(.unhealthy, az: "a"))
            log.write(log.verdict(.unhealthy, az: "b"))
            log.pass(10)
            return log.said().first?.receivers == ["taken"]
        }
        for text in [
            "az=a", "az=b az=a", "not az=c", "az=~^[ab]$", "worst>degraded", "kind in (failing)",
            "namespace=prod and rollout=~\"^pay\"", "rollout=pay*",
        ] {
            #expect(try isTaken(text), "\(text)")
        }
        for text in ["az!=a", "az=c or worst<unhealthy", "event=log.gap", "rollout=pay"] {
            #expect(try !isTaken(text), "\(text)")
        }
    }
}
