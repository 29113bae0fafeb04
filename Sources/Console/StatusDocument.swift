import Delivery
import Digests
import Events
import EventLog
import JSON
import State
import Notifier

/// `GET /v1/status`: the contents of the status page as JSON, for programs and `bellwether status`.
struct StatusDocument {
    let view: ConsoleView

    /// Most rollouts and incidents in the document; further ones are counted.
    private static let listed = 200

    var bytes: [UInt8] {
        var json = JSONWriter(capacity: 4096)
        json.object { w in
            w.member("at", view.now.rfc3339)
            w.member(object: "node") { w in
                w.member("name", view.node.name)
                w.member("az", view.node.az)
                w.member(array: "roles") { w in for role in view.node.roles { w.value(role) } }
                w.member("version", view.node.version)
                w.member("binary", view.node.binary)
            }
            rollouts(to: &w)
            incidents(to: &w)
            deliveries(to: &w)
            gateways(to: &w)
            log(to: &w)
            w.member(array: "probes") { w in
                for probe in view.probes {
                    w.object { w in
                        w.member("name", probe.name)
                        w.member("outcome", probe.outcome)
                        w.member("ms", probe.duration / .milliseconds(1))
                        w.member("at", probe.at.rfc3339)
                    }
                }
            }
            w.member("digest_fault", view.digestFault.isEmpty ? nil : view.digestFault)
        }
        return json.bytes
    }

    /// The rollouts that were measured in the last 15 minutes, worst first.
    private func rollouts(to w: inout JSONWriter) {
        let all = view.board.inFlight(since: view.now - OverviewPage.inFlight)
        w.member(array: "rollouts") { w in
            for rollout in all.prefix(Self.listed) {
                w.object { w in
                    w.member("namespace", rollout.key.namespace)
                    w.member("rollout", rollout.key.rollout)
                    w.member("revision", rollout.key.revision)
                    w.member("concern", rollout.key.concern)
                    w.member("status", rollout.status.rawValue)
                    w.member("at", rollout.seen.rfc3339)
                    w.member(array: "lanes") { w in
                        for lane in rollout.lanes { Self.write(lane, to: &w) }
                    }
                }
            }
        }
        w.member("rollouts_total", all.count)
    }

    private static func write(_ lane: RolloutBoard.Lane, to w: inout JSONWriter) {
        guard let last = lane.attempts.last else { return }
        w.object { w in
            w.member("az", lane.az)
            w.member("node", lane.node)
            w.member("status", last.status.rawValue)
            w.member("attempt", last.number)
            w.member("event", last.event)
            w.member("at", last.at.rfc3339)
        }
    }

    private func incidents(to w: inout JSONWriter) {
        w.member(array: "incidents") { w in
            for incident in view.incidents.prefix(Self.listed) {
                w.value(incident)
            }
        }
        w.member("incidents_total", view.incidents.count)
    }

    /// The gateways that forward to this node.
    private func gateways(to w: inout JSONWriter) {
        guard view.deliveries != nil else { return }
        w.member(array: "gateways") { w in
            for gateway in view.gateways {
                w.object { w in
                    w.member("name", gateway.name)
                    w.member("az", gateway.az)
                    w.member("state", gateway.state.rawValue)
                    w.member("heard", gateway.lastRequest.rfc3339)
                }
            }
        }
    }

    private func deliveries(to w: inout JSONWriter) {
        guard let deliveries = view.deliveries else { return }
        w.member(array: "receivers") { w in
            for receiver in view.receivers {
                let counts = deliveries.byReceiver[receiver.name] ?? [:]
                w.object { w in
                    w.member("name", receiver.name)
                    w.member("kind", receiver.kind)
                    w.member("refusals", receiver.refusals)
                    w.member("paused_s", receiver.pause.map { Int($0.components.seconds) })
                    w.member("waiting", counts[.waiting] ?? 0)
                    w.member("dead", counts[.dead] ?? 0)
                }
            }
        }
        w.member("silences", deliveries.silences.count)
    }

    private func log(to w: inout JSONWriter) {
        let log = view.log
        w.member(object: "log") { w in
            w.member("used_bytes", log.usedBytes)
            w.member("max_bytes", log.maxBytes)
            w.member("archives", log.archives)
            w.member("shedding", log.shedding?.rawValue)
            w.member("keeps", log.keeps?.name)
            w.member("free_bytes", view.space?.free)
            w.member("floor_bytes", view.space?.floor)
        }
        guard let forward = view.forward else { return }
        w.member(object: "forward") { w in
            w.member("to", forward.to)
            w.member("behind_bytes", forward.behind)
            w.member("unsafe_bytes", forward.unsafe)
            w.member("failures", forward.failuresInARow)
            w.member("fault", forward.fault.isEmpty ? nil : forward.fault)
        }
    }
}
