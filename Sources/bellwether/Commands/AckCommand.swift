import Core
import App
import ArgumentParser
import Events
import Foundation
import JSON
import Notifier
import Server
import Settings
import State

struct AckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ack",
        abstract: "Say who looks after an open incident; without one, list those that are open.",
        discussion: """
            While somebody looks after an incident, an unchanged failure is not repeated. What \
            gets worse is reported at once, and ends the acknowledgement. Its messages and the \
            status page name who it is. Needs a running notifier, and with --url a token of the \
            scope admin.
            """)

    @OptionGroup var node: NodeOption
    @Argument(
        help: "The incident: its id, the id of one of its digests, or the rollout's name.")
    var incident: String?
    @Option(name: .customLong("for"), help: "How long, such as 30m or 4h; 1h by default.")
    var span: String?
    @Option(help: "Until when, RFC 3339.") var until: String?
    @Option(help: "A note, shown in messages.") var why = ""
    @Option(help: "Who looks after it; the user's name by default.") var who: String?
    @Flag(help: "End the acknowledgement.") var end = false
    @Flag(help: "Print as JSON.") var json = false

    func validate() throws {
        if [span != nil, until != nil, end].count(where: { $0 }) > 1 {
            throw ValidationError("give one of --for, --until and --end")
        }
        if incident == nil, span != nil || until != nil || end || !why.isEmpty || who != nil {
            throw ValidationError("name the incident; `bellwether ack` lists those that are open")
        }
    }

    func run() async throws {
        let target = try node.target()
        let reader = try target.running()
        let document = try await Search.request { () async throws(RemoteNode.Fault) in
            try await reader.get("/v1/incidents")
        }
        guard let wanted = incident else { return list(document, try Answer.tree(document)) }
        let id = try find(wanted, among: try Answer.tree(document)["incidents"]?.elements ?? [])
        let order = try order(at: WallClock.system.now)
        let answer = try await target.administering { node in
            try await Search.request { () async throws(RemoteNode.Fault) in
                try await node.post(
                    "/v1/incidents/\(RemoteNode.encoded(id))/acknowledge", order)
            }
        }
        if json {
            Standard.write(answer + [UInt8(ascii: "\n")])
        } else if let row = try Answer.tree(answer)["acknowledged"] {
            Standard.line(
                InertText.terminal("\(id): \(row.text("who")) until \(row.text("until"))"))
        } else {
            Standard.line(InertText.terminal("\(id): nobody looks after it"))
        }
    }

    private func list(_ document: [UInt8], _ tree: JSONValue) {
        if json {
            Standard.write(document + [UInt8(ascii: "\n")])
            return
        }
        let incidents = tree["incidents"]?.elements ?? []
        guard !incidents.isEmpty else { return Standard.line("no incident is open") }
        var table = Table("INCIDENT", "GROUP", "WORST", "SINCE", "MESSAGES", "ACKNOWLEDGED")
        for row in incidents {
            let acknowledged = row["acknowledged"].map {
                "by \($0.text("who")) until \($0.text("until"))"
            }
            table.add(
                row.text("id"), Self.name(of: row), row["status"]?.string ?? "notice",
                row.text("since"), "\(row["messages"]?.integer ?? 0)", acknowledged ?? "–")
        }
        Standard.line(table.text)
    }

    private static func name(of incident: JSONValue) -> String {
        guard case .object(let members)? = incident["group"] else { return "" }
        return members.map { "\($0.key)=\($0.value.string ?? "")" }.joined(separator: " ")
    }

    /// The id of the incident that the argument names; prints what fits and exits with 1 unless
    /// it is one.
    private func find(_ wanted: String, among incidents: [JSONValue]) throws -> String {
        let thread = wanted.split(separator: ".").first.map(String.init) ?? wanted
        let named = incidents.filter { row in
            let id = row.text("id")
            if id == wanted || id == thread { return true }
            let rollout = row["group"]?.text("rollout") ?? ""
            let namespace = row["group"]?.text("namespace") ?? ""
            return !rollout.isEmpty && [rollout, "\(namespace)/\(rollout)"].contains(wanted)
        }
        if named.count == 1 { return named[0].text("id") }
        if named.isEmpty {
            Standard.error("no open incident is \(wanted); `bellwether ack` lists them")
        } else {
            Standard.error("several open incidents are \(wanted); name one by its id:")
            for row in named { Standard.error("  \(row.text("id"))  \(Self.name(of: row))") }
        }
        throw ExitCode(1)
    }

    private func order(at now: Timestamp) throws -> [UInt8] {
        var moment: Timestamp?
        if let until {
            moment = Timestamp(rfc3339: until)
            guard let moment, moment > now else {
                throw ValidationError("--until takes RFC 3339, later than now")
            }
        } else if !end {
            guard let length = DurationText.parse(span ?? "1h"), length > .zero else {
                throw ValidationError("--for takes a span such as 30m or 4h")
            }
            moment = now + length
        }
        if let moment, moment - now > OperatorActions.longestLook {
            throw ValidationError("an acknowledgement lasts at most 7 days; add a silence for more")
        }
        let (author, note) = (who ?? NSUserName(), why)
        var json = JSONWriter()
        json.object { json in
            json.member("who", author)
            json.member("why", note)
            json.key("until")
            if let moment { json.value(moment.rfc3339) } else { json.null() }
        }
        return json.bytes
    }
}

extension Target {
    /// Runs `body` with a client of the running node that may change something.
    ///
    /// Who can write the data folder of a node on this machine may do anything: a token is made for
    /// the request and ended after it.
    func administering<T>(_ body: (RemoteNode) async throws -> T) async throws -> T {
        switch self {
        case .node(let node): return try await body(node)
        case .folder(let local):
            let tokens = try await local.tokens(.editor)
            let token = try await tokens.create(name: "command-line", scopes: [.admin])
            let result: Result<T, any Error>
            do {
                let client = try Search.ending { () throws(RemoteNode.Fault) in
                    try RemoteNode(of: local.settings, folder: local.folder, token: token.text)
                }
                result = .success(try await body(client))
            } catch { result = .failure(error) }
            try await tokens.revoke(token.record.id)
            return try result.get()
        }
    }
}
