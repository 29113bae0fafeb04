import Digests
import Events
import JSON
import Testing

@Suite("A fault of the node itself")
struct NodeFaultTests {
    /// A verdict of `rollout` with a failing disk check of the node, and with `rate` a failing
    /// canary too.
    static func verdict(
        _ log: LogScript, _ rollout: String, disk: Bool = false, rate: Double = 0.001,
        node: String = "gw-a1"
    ) -> Event {
        var event = log.verdict(
            disk && rate < 0.01 ? .healthy : .unhealthy, rate: rate, rollout: rollout)
        event.node = node
        event.deltas[0].state = rate < 0.01 ? .pass : .fail
        event.deltas.append(
            MetricDelta(
                metric: "gateway.disk_ok", value: disk ? 1 : 0, limit: 0.5, unit: .flag,
                state: disk ? .pass : .fail))
        event.id = "\(rollout)-\(node)-\(log.lines.count)"
        return event
    }

    @Test("is reported once, names the affected groups, and the others are recorded")
    func once() {
        var log = LogScript()
        for rollout in ["a", "b", "c"] { log.write(Self.verdict(log, rollout)) }
        log.pass(15)
        let said = log.said()
        #expect(said.map { $0.group["rollout"] } == ["a"])
        #expect(said.first?.nodeFault?.node == "gw-a1")
        #expect(said.first?.nodeFault?.names.map { $0["rollout"] } == ["b", "c"])
        let held = log.machine.takeSuppressions()
        #expect(held.map { $0.digest.group["rollout"] } == ["b", "c"])
        #expect(
            held.allSatisfy {
                $0.cause
                    == .nodeFault(az: "eu-west-1a", node: "gw-a1", thread: said[0].thread)
            })
        #expect(log.machine.heldBack == 2)
    }

    @Test("A suppressed group whose canary also fails is reported")
    func more() {
        var log = LogScript()
        for rollout in ["a", "b"] { log.write(Self.verdict(log, rollout)) }
        log.pass(30)
        _ = log.said()
        log.write(Self.verdict(log, "b", rate: 0.03))
        log.pass(11)
        #expect(log.said().map { $0.group["rollout"] } == ["b"])
    }

    @Test(
        "When the reported group recovers, a suppressed group that still fails is reported, no other"
    )
    func inherits() {
        var log = LogScript(DigestSettings(recoverAfter: 1))
        for rollout in ["a", "b", "c"] { log.write(Self.verdict(log, rollout)) }
        log.pass(90)
        _ = log.said()
        log.write(Self.verdict(log, "c", disk: true))
        log.write(Self.verdict(log, "a", disk: true))
        log.pass(90)
        #expect(
            log.said().map { "\($0.group["rollout"] ?? "") \($0.kind)" }
                == ["b failing", "a recovered"])
        #expect(log.machine.heldBack == 0)
    }

    @Test(
        "An abort, a pause or a reached limit of a suppressed group is reported at once",
        arguments: ["aborted", "paused", "limit"])
    func ends(how: String) {
        var log = LogScript()
        for rollout in ["a", "b", "c"] { log.write(Self.verdict(log, rollout)) }
        log.pass(15)
        #expect(log.said().map { $0.group["rollout"] } == ["a"])
        var event: Event
        if how == "limit" {
            event = Self.verdict(log, "b")
            event.extra.append(JSONValue.Member("failure_limit", .number("0")))
        } else {
            event = log.hook(how)
            event.rollout = "b"
        }
        log.write(event)
        log.pass(milliseconds: 250)
        let said = log.said()
        #expect(said.map { $0.group["rollout"] } == ["b"])
        #expect(said.map(\.outcome) == [how == "limit" ? nil : how])
        #expect(said.first?.isAtLimit == (how == "limit"))
        #expect(log.machine.heldBack == 1)
        log.pass(120)
        #expect(log.said().isEmpty)
    }

    @Test("Other nodes' faults, and receivers that got no report, are not suppressed")
    func others() {
        var log = LogScript(
            DigestSettings(
                route: DigestRoute(
                    receivers: ["x"],
                    routes: [DigestRoute(filter: .equal("rollout", "b"), receivers: ["y"])])))
        log.write(Self.verdict(log, "a"))
        log.write(Self.verdict(log, "b"))
        log.write(Self.verdict(log, "c", node: "gw-a2"))
        log.pass(15)
        #expect(Set(log.said().map { $0.group["rollout"] }) == ["a", "b", "c"])
    }

    @Test("Suppressed groups stay suppressed after a restart")
    func restart() {
        var log = LogScript()
        for rollout in ["a", "b"] { log.write(Self.verdict(log, rollout)) }
        log.pass(15)
        _ = log.said()
        let saved = log.machine.checkpoint()
        log.machine = DigestMachine(position: saved.position, states: saved.changed)
        #expect(log.machine.heldBack == 1)
        log.write(Self.verdict(log, "b"))
        log.pass(100)
        #expect(log.said().isEmpty)
    }

    @Test("When disabled, every group reports for itself")
    func off() {
        var log = LogScript(DigestSettings(nodeChecks: []))
        for rollout in ["a", "b"] { log.write(Self.verdict(log, rollout)) }
        log.pass(15)
        #expect(log.said().count == 2)
    }
}
