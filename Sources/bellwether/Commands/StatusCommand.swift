import App
import ArgumentParser
import Core
import Events
import JSON

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show a running node: verdicts, incidents, receivers, the log's quota.",
        discussion: """
            Needs a running node; with --config it is reached at listen.address with the first \
            start's token `read`.
            """)

    @OptionGroup var node: NodeOption
    @Flag(help: "Show it again every 2 seconds, until interrupted.") var watch = false
    @Flag(help: "Print as JSON; with --watch, one document a line.") var json = false

    func run() async throws {
        let node = try node.target().running()
        while true {
            let document = try await Search.request { () async throws(RemoteNode.Fault) in
                try await node.get("/v1/status")
            }
            if json {
                Standard.write(document + [UInt8(ascii: "\n")])
            } else {
                let text = StatusText(try Answer.tree(document)).text
                // Moves to the first line and erases the rest, which flickers less than erasing
                // first.
                let home = watch && Standard.isTerminal ? "\u{1B}[H\u{1B}[J" : ""
                Standard.line(home + text)
            }
            guard watch else { return }
            try await Task.sleep(for: .seconds(2))
        }
    }
}

/// The document of `GET /v1/status` as text for a terminal.
private struct StatusText {
    private let tree: JSONValue

    init(_ tree: JSONValue) { self.tree = tree }

    var text: String {
        var parts = [head]
        let rollouts = tree["rollouts"]?.elements ?? []
        parts.append(
            rollouts.isEmpty
                ? "no rollout was measured in 15 minutes"
                : table(rollouts) + further(than: rollouts, of: "rollouts_total"))
        let incidents = tree["incidents"]?.elements ?? []
        if !incidents.isEmpty {
            parts.append(
                table(incidents: incidents) + further(than: incidents, of: "incidents_total"))
        }
        let gateways = tree["gateways"]?.elements ?? []
        if !gateways.isEmpty { parts.append(table(gateways: gateways)) }
        let receivers = tree["receivers"]?.elements ?? []
        if !receivers.isEmpty { parts.append(table(receivers: receivers)) }
        let probes = tree["probes"]?.elements ?? []
        if !probes.isEmpty { parts.append(table(probes: probes)) }
        return (parts + [log]).joined(separator: "\n\n")
    }

    /// A line with the number of entries that the document leaves out; empty if there are none.
    private func further(than shown: [JSONValue], of total: String) -> String {
        let all = Int(clamping: tree[total]?.integer ?? 0)
        return all > shown.count ? "\n… and \(all - shown.count) more" : ""
    }

    private var head: String {
        let node = tree["node"] ?? .null
        let roles = node["roles"]?.elements?.compactMap(\.string).joined(separator: " and ") ?? ""
        return InertText.terminal(
            "\(node.text("name")) in \(node.text("az")), \(roles), release \(node.text("version")), at \(tree.text("at"))"
        )
    }

    private func table(_ rollouts: [JSONValue]) -> String {
        var table = Table("ROLLOUT", "REVISION", "CONCERN", "VERDICT", "ZONE", "ATTEMPT", "EVENT")
        for rollout in rollouts {
            for lane in rollout["lanes"]?.elements ?? [] {
                table.add(
                    "\(rollout.text("namespace"))/\(rollout.text("rollout"))",
                    rollout.text("revision"), rollout.text("concern"), lane.text("status"),
                    lane.text("az"), "\(lane["attempt"]?.integer ?? 0)", lane.text("event"))
            }
        }
        return table.text
    }

    private func table(incidents: [JSONValue]) -> String {
        var table = Table("INCIDENT", "ID", "WORST", "SINCE", "MESSAGES", "HELD")
        for incident in incidents {
            var words: [String] = []
            if case .object(let members)? = incident["group"] {
                words = members.map { "\($0.key)=\($0.value.string ?? "")" }
            }
            table.add(
                words.joined(separator: " "), incident.text("id"),
                incident["status"]?.string ?? "notice",
                incident.text("since"), "\(incident["messages"]?.integer ?? 0)",
                Self.held(incident))
        }
        return table.text
    }

    /// Who looks after an incident, or until when a silence holds it back.
    private static func held(_ incident: JSONValue) -> String {
        if let acknowledged = incident["acknowledged"] {
            return "by \(acknowledged.text("who")) until \(acknowledged.text("until"))"
        }
        return incident["silenced_until"]?.string.map { "silenced until \($0)" } ?? "–"
    }

    private func table(gateways: [JSONValue]) -> String {
        var table = Table("GATEWAY", "ZONE", "STATE", "LAST REQUEST")
        for gateway in gateways {
            table.add(
                gateway.text("name"), gateway.text("az"), gateway.text("state"),
                gateway.text("heard"))
        }
        return table.text
    }

    private func table(receivers: [JSONValue]) -> String {
        var table = Table("RECEIVER", "KIND", "STATE", "WAITING", "DEAD")
        for receiver in receivers {
            let refusals = receiver["refusals"]?.integer ?? 0
            var state = refusals == 0 ? "ok" : "refused \(refusals) in a row"
            if let pause = receiver["paused_s"]?.integer { state = "paused for \(pause) s" }
            table.add(
                receiver.text("name"), receiver.text("kind"), state,
                "\(receiver["waiting"]?.integer ?? 0)", "\(receiver["dead"]?.integer ?? 0)")
        }
        return table.text
    }

    private func table(probes: [JSONValue]) -> String {
        var table = Table("PROBE", "OUTCOME", "TOOK", "AT")
        for probe in probes {
            table.add(
                probe.text("name"), probe.text("outcome"),
                MetricUnit.milliseconds.words(for: probe["ms"]?.double ?? 0), probe.text("at"))
        }
        return table.text
    }

    private var log: String {
        let log = tree["log"] ?? .null
        func bytes(_ key: String) -> String {
            MetricUnit.bytes.words(for: Double(log[key]?.integer ?? 0))
        }
        var lines = ["log: \(bytes("used_bytes")) of \(bytes("max_bytes"))"]
        if log["free_bytes"]?.integer != nil {
            lines[0] +=
                "; the disk has \(bytes("free_bytes")) free, the log leaves \(bytes("floor_bytes"))"
        }
        if let why = log["shedding"]?.string { lines.append("the log accepts no lines: \(why)") }
        if let kind = log["keeps"]?.string {
            lines.append("disk space is short: lines less important than \(kind) are dropped")
        }
        if let forward = tree["forward"] {
            let fault = forward["fault"]?.string.map { ": \($0)" } ?? ""
            let behind = MetricUnit.bytes.words(for: Double(forward["behind_bytes"]?.integer ?? 0))
            let unsafe = forward["unsafe_bytes"]?.integer ?? 0
            let more =
                unsafe > forward["behind_bytes"]?.integer ?? 0
                ? ", \(MetricUnit.bytes.words(for: Double(unsafe))) are not known to be in its bucket"
                : ""
            lines.append("forward: \(behind) wait for \(forward.text("to"))\(more)\(fault)")
        }
        if let fault = tree["digest_fault"]?.string { lines.append("no digests: \(fault)") }
        return InertText.terminalLines(lines.joined(separator: "\n"))
    }
}
