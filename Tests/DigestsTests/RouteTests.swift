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

    private static func route(_ rollout: String, _ receivers: [String]) -> DigestRoute {
        DigestRoute(filter: .equal("rollout", rollout), receivers: receivers)
    }

    /// The controller aborts a rollout.
    private func abort(_ rollout: String, _ log: inout LogScript) {
        var event = log.hook("aborted")
        event.rollout = rollout
        log.write(event)
    }

    @Test("An abort does not wait for messages to other receivers, whatever their number")
    func others() throws {
        let names = (0..<8).flatMap { receiver in (0..<3).map { (receiver, "r\(receiver)-\($0)") } }
        let route = DigestRoute(
            receivers: ["rest"],
            routes: names.map { Self.route($0.1, ["r\($0.0)"]) }
                + [Self.route("quiet", ["quiet"]), Self.route("r0-0", ["r0"])])
        var log = LogScript(DigestSettings(route: route))
        for name in names { log.write(log.verdict(.unhealthy, attempt: 1, rollout: name.1)) }
        log.pass(11)
        // 24 messages are more than `max_groups`.
        #expect(log.said().count == 19 + 2)
        log.write(log.verdict(.unhealthy, attempt: 1, rollout: "quiet"))
        log.pass(11)
        #expect(log.said().isEmpty, "the first failure waits")
        abort("quiet", &log)
        log.pass(milliseconds: 500)
        let said = log.said()
        #expect(said.map(\.outcome) == ["aborted"])
        #expect(said.map(\.receivers) == [["quiet"]])
        // One receiver alone has the same limit for itself.
        var alone = LogScript(DigestSettings(maxGroups: 5, storm: .off))
        for n in 0..<50 {
            abort("a\(n)", &alone)
            if n == 9 { alone.pass(1) }
        }
        alone.pass(5)
        #expect(alone.said().count == 5)
        alone.pass(60)
        #expect(alone.said().map { $0.rollup?.groups } == [nil, nil, nil, nil, 36])
    }

    @Test("A receiver with too many messages in a storm delays an abort for itself only")
    func full() throws {
        let names = (0..<6).map { "r\($0)" }
        let route = DigestRoute(
            receivers: ["rest"],
            // Groups with other receivers are no storm of one incident.
            routes: names.map { Self.route($0, ["full", "only-\($0)"]) }
                + [Self.route("shared", ["free", "full"])])
        var log = LogScript(DigestSettings(route: route))
        for name in names { log.write(log.verdict(.unhealthy, attempt: 1, rollout: name)) }
        log.pass(10)
        #expect(log.said().count { $0.receivers.contains("full") } == 3)
        let reportedAt = log.now
        log.pass(1)
        for _ in 0..<2 {
            abort("shared", &log)
            log.pass(milliseconds: 500)
            let digest = try #require(log.said().last)
            #expect(digest.receivers == ["free", "full"])
            #expect(digest.notBefore == ["full": reportedAt + .seconds(60)])
            // Verdicts within a minute after the end belong to the aborted run.
            log.pass(20)
            log.write(log.verdict(.unhealthy, attempt: 1, rollout: "shared", series: "x"))
        }
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
