import Delivery
import Events
import EventLog
import State
import Notifier

/// `/`: the current rollouts, deliveries, gateways, log and probes.
struct OverviewPage {
    let view: ConsoleView

    static let inFlight = Duration.seconds(15 * 60)
    private static let shownSpan = Duration.seconds(3600)
    private static let rolloutsShown = 50
    /// Bytes after which a list is cut; the number of further entries is shown.
    private static let listBytes = 2 << 20

    var html: HTML {
        let start = view.now - Self.inFlight
        let rollouts = view.board.inFlight(since: start)
        let main: HTML = """
            <h1 class="hidden">Bellwether on \(view.node.name)</h1>
            \(summary(rollouts))
            \(inFlight(rollouts))
            \(quiet(view.board.quiet(since: start)))
            \(view.deliveries.markup { DeliverySections(deliveries: $0, view: view).html })
            \(nodes)
            <div class="columns">\(log)\(probes)</div>
            """
        return PageShell(
            title: "Bellwether", node: view.node, viewer: view.viewer, version: view.version,
            main: main
        ).html
    }

    // MARK: - Summary

    private func summary(_ rollouts: [RolloutBoard.Rollout]) -> HTML {
        var tiles = HTML.empty
        let failing = rollouts.count { $0.status == .unhealthy }
        tiles += Self.tile(
            "\(rollouts.count)", "in flight", failing > 0 ? "\(failing) unhealthy" : "", failing > 0
        )
        if let deliveries = view.deliveries {
            let dead = deliveries.counts[.dead] ?? 0
            let waiting = deliveries.counts[.waiting] ?? 0
            tiles += Self.tile("\(waiting)", "digests waiting", "", false)
            tiles += Self.tile("\(dead)", "dead letters", dead > 0 ? "see outbox" : "", dead > 0)
            if !deliveries.silences.isEmpty {
                tiles += Self.tile("\(deliveries.silences.count)", "silences", "", false)
            }
        }
        if let forward = view.forward {
            let isStuck = forward.failuresInARow > 0
            tiles += Self.tile(
                isStuck ? "\(forward.failuresInARow)" : Format.bytes(forward.behind),
                isStuck ? "failed tries to forward" : "to forward", "", isStuck)
        }
        let silent = view.gateways.count { $0.state == .silent }
        if silent > 0 {
            tiles += Self.tile("\(silent)", "silent gateways", "see gateways", true)
        }
        let percent = view.log.maxBytes > 0 ? view.log.usedBytes *| 100 / view.log.maxBytes : 0
        tiles += Self.tile(
            "\(percent) %", "of the log's quota",
            view.log.shedding.map { "accepts no lines: \($0.rawValue)" } ?? "",
            view.log.shedding != nil)
        return "<section aria-label=\"Summary\"><ul class=\"tiles\">\(tiles)</ul></section>"
    }

    private static func tile(
        _ value: String, _ words: String, _ note: String, _ isBad: Bool
    ) -> HTML {
        let kind = isBad ? "bad" : "good"
        let more: HTML = note.isEmpty ? "" : " <em>\(note)</em>"
        return "<li class=\"tile \(kind)\"><b>\(value)</b> <span>\(words)</span>\(more)</li>"
    }

    // MARK: - Rollouts

    private func inFlight(_ rollouts: [RolloutBoard.Rollout]) -> HTML {
        var body = HTML.empty
        var shown = 0
        for rollout in rollouts.prefix(Self.rolloutsShown)
        where body.bytes.count < Self.listBytes {
            body += RolloutGrid(rollout: rollout, now: view.now, id: "r\(shown)").html
            shown += 1
        }
        if rollouts.isEmpty {
            body = """
                <p class="empty">No rollout was measured in the last 15 minutes. Argo Rollouts calls
                <code>POST /rollouts/analysis</code>; <code>bellwether template analysis</code> prints the template for it.</p>
                """
        } else if rollouts.count > shown {
            body += "<p class=\"soft\">And \(rollouts.count - shown) more.</p>"
        }
        return """
            <section aria-labelledby="in-flight"><h2 id="in-flight">Rollouts in flight</h2>
            <p class="legend soft" aria-label="Letters"><span class="badge healthy">H healthy</span> <span class="badge degraded">D degraded</span> <span class="badge unknown">? unknown</span> <span class="badge unhealthy">U unhealthy</span> A letter is one attempt: follow it for the reasons.</p>
            \(body)</section>
            """
    }

    private func quiet(_ rollouts: [RolloutBoard.Rollout]) -> HTML {
        guard !rollouts.isEmpty else { return .empty }
        let rows = rollouts.prefix(Self.rolloutsShown).markup { rollout -> HTML in
            let last = rollout.lanes.compactMap(\.attempts.last).max { $0.at < $1.at }
            let link: HTML = last.markup {
                "<a href=\"/attempts/\(segment: $0.event)\">#\($0.number)</a>"
            }
            return
                "<tr><th scope=\"row\">\(rollout.key.rollout)</th><td>\(rollout.key.namespace)</td><td>\(rollout.key.revision)</td><td>\(rollout.status.badge)</td><td>\(link)</td><td>\(Format.age(rollout.seen, at: view.now))</td></tr>\n"
        }
        return """
            <details id="quiet"><summary>Quiet for 15 minutes: \(rollouts.count)</summary>
            <div class="scroll" tabindex="0" role="region" aria-label="Quiet rollouts"><table><thead><tr><th scope="col">Rollout</th><th scope="col">Namespace</th><th scope="col">Revision</th><th scope="col">Last verdict</th><th scope="col">Attempt</th><th scope="col">Measured</th></tr></thead><tbody>
            \(rows)</tbody></table></div></details>
            """
    }

    // MARK: - Nodes

    private var nodes: HTML {
        let start = view.now - Self.shownSpan
        let known = Dictionary(uniqueKeysWithValues: view.gateways.map { ($0.name, $0) })
        var nodes = view.board.nodes.values.map { (az: $0.az, name: $0.name, node: Optional($0)) }
        nodes += view.gateways.filter { view.board.nodes[$0.name] == nil }.map {
            (az: $0.az, name: $0.name, node: nil)
        }
        nodes.sort { ($0.az, $0.name) < ($1.az, $1.name) }
        var rows = HTML.empty
        var shown = 0
        for (az, name, node) in nodes where rows.bytes.count < Self.listBytes {
            shown += 1
            let skew = node.map { view.board.skew(of: $0, since: start) }
            let binary = Self.version(
                (node?.binary).map(Format.hash) ?? "", skew?.binary ?? false)
            let policy = Self.version(
                (node.flatMap { $0.policies["all"] ?? $0.policies.values.min() })
                    .map(Format.hash) ?? "", skew?.policy ?? false)
            let seen = (node?.seen).map { Format.age($0, at: view.now) } ?? "–"
            rows +=
                "<tr><th scope=\"row\">\(name)</th><td>\(az)</td><td>\(presence(known[name]))</td><td>\(binary)</td><td>\(policy)</td><td>\(seen)</td></tr>\n"
        }
        let table: HTML =
            nodes.isEmpty
            ? "<p class=\"empty\">No gateway reported a verdict in the last day.</p>"
            : """
            <div class="scroll" tabindex="0" role="region" aria-label="Gateways"><table><thead><tr><th scope="col">Node</th><th scope="col">Zone</th><th scope="col">State</th><th scope="col">Binary</th><th scope="col">Policy</th><th scope="col">Last verdict</th></tr></thead><tbody>
            \(rows)</tbody></table></div>
            """
        let more: HTML =
            nodes.count > shown ? "<p class=\"soft\">And \(nodes.count - shown) more.</p>" : ""
        return """
            <section aria-labelledby="nodes"><h2 id="nodes">Gateways</h2>
            \(table)\(more)
            <p class="soft">This node runs release \(view.node.version), binary <code>\(Format.hash(view.node.binary))</code>.</p></section>
            """
    }

    /// Whether a gateway sends requests; empty for a node that does not forward to this one.
    private func presence(_ gateway: KnownGateway?) -> HTML {
        gateway.markup { gateway in
            switch gateway.state {
            case .present: "present"
            case .silent:
                "<strong class=\"mark\">silent since \(gateway.lastRequest.element(at: view.now))</strong>"
            case .left: "stopped \(Format.age(gateway.lastRequest, at: view.now))"
            }
        }
    }

    private static func version(_ text: String, _ isSkewed: Bool) -> HTML {
        let mark: HTML = isSkewed ? " <strong class=\"mark\">differs</strong>" : ""
        return "<code>\(text)</code>\(mark)"
    }

    // MARK: - This node

    private var log: HTML {
        let log = view.log
        let space: HTML = view.space.markup {
            "<dt>Disk</dt><dd>\(Format.bytes($0.free)) free of \(Format.bytes($0.total)); the log leaves \(Format.bytes($0.floor))</dd>"
        }
        let shedding: HTML = log.shedding.markup {
            "<p role=\"alert\" class=\"alert\">The log accepts no lines: \($0.rawValue). Verdicts are answered, but their events are lost.</p>"
        }
        let pressure: HTML = log.keeps.markup {
            "<p role=\"alert\" class=\"alert\">Disk space is short: lines less important than \($0.name) are dropped. Free disk space.</p>"
        }
        let forward: HTML = view.forward.markup { forward in
            let fault: HTML =
                forward.fault.isEmpty ? "" : " <strong class=\"mark\">\(forward.fault)</strong>"
            // Without a bucket both are the same.
            let unsafe: HTML =
                forward.unsafe > forward.behind
                ? ", \(Format.bytes(forward.unsafe)) are not known to be in its bucket" : ""
            return
                "<dt>Forwarding</dt><dd>\(Format.bytes(forward.behind)) wait for \(forward.to)\(unsafe)\(fault)</dd>"
        }
        return """
            <section aria-labelledby="log"><h2 id="log">Event log</h2>\(shedding)\(pressure)
            <p><meter min="0" max="\(max(log.maxBytes, 1))" value="\(log.usedBytes)" aria-label="Quota used"></meter> \(Format.bytes(log.usedBytes)) of \(Format.bytes(log.maxBytes))</p>
            <dl><dt>Archives</dt><dd>\(log.archives) sealed, \(log.unsealed) waiting</dd>
            <dt>Since the start</dt><dd>\(log.appended) kept, \(log.duplicates) duplicates, \(log.rejected) rejected, \(log.shed.isEmpty ? "0 shed" : "shed: \(log.shed.words)")</dd>
            \(space)\(forward)</dl></section>
            """
    }

    private var probes: HTML {
        guard view.node.roles.contains("gateway") else { return .empty }
        let rows = view.probes.markup { probe -> HTML in
            let outcome: HTML =
                probe.isAnswered
                ? "\(probe.outcome)" : "<strong class=\"mark\">\(probe.outcome)</strong>"
            return
                "<tr><th scope=\"row\">\(probe.name)</th><td class=\"number\">\(Format.milliseconds(probe.duration))</td><td>\(outcome)</td><td>\(Format.age(probe.at, at: view.now))</td></tr>\n"
        }
        let table: HTML =
            view.probes.isEmpty
            ? "<p class=\"empty\">Nothing was measured since the start.</p>"
            : """
            <div class="scroll" tabindex="0" role="region" aria-label="Probes"><table><thead><tr><th scope="col">Probe</th><th scope="col" class="number">Took</th><th scope="col">Outcome</th><th scope="col">Last run</th></tr></thead><tbody>
            \(rows)</tbody></table></div>
            """
        return
            "<section aria-labelledby=\"probes\"><h2 id=\"probes\">Probes of this node</h2>\(table)</section>"
    }
}
