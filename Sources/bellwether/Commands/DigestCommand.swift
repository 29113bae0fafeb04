import App
import ArgumentParser
import Core
import Delivery
import Events
import JSON
import Rendering
import State

struct DigestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "digest", abstract: "Show digests that were sent, or preview the next ones.",
        subcommands: [DigestList.self, DigestShow.self, DigestPreviewCommand.self])
}

/// The output form of a digest.
enum DigestForm: String, ExpressibleByArgument, CaseIterable {
    /// What a person sees in Slack, in a mail program, in Teams.
    case slack
    case mail
    case teams
    /// The same as `slack`.
    case slackText = "slack-text"
    case slackJSON = "slack-json"
    case teamsJSON = "teams-json"
    case text
    case html

    static let words =
        "text, html, slack, mail, teams (what people see), slack-json or teams-json (what is sent)."

    func of(_ digest: RenderedDigest) -> String {
        switch self {
        case .slackJSON: digest.slack
        case .slack, .slackText: InertText.terminalLines(SlackText.plain(digest.slack))
        case .mail: InertText.terminalLines("Subject: \(digest.subject)\n\n\(digest.text)")
        case .teams: InertText.terminalLines(CardText.plain(TeamsPreview.card(of: digest)))
        case .teamsJSON: TeamsPreview.card(of: digest)
        case .text: InertText.terminalLines(digest.text)
        case .html: digest.html
        }
    }
}

struct DigestList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the digests that were composed, newest first.")

    @OptionGroup var node: NodeOption
    @Option(help: "Maximum number of results.") var limit = 50
    @Flag(help: "Print as JSON.") var json = false

    func validate() throws {
        if limit < 1 { throw ValidationError("--limit takes a number from 1") }
    }

    func run() async throws {
        let most = limit
        let digests: [RenderedDigest]
        switch try node.target() {
        case .node(let node): digests = try await RenderedDigest.list(of: node, limit: most)
        case .folder(let local):
            digests = try await local.store(.reader).read { db in
                try DigestTable.list(db, limit: most)
            }.map(RenderedDigest.init)
        }
        if json {
            var writer = JSONWriter()
            writer.array { w in for digest in digests { w.raw(digest.model.utf8) } }
            print(writer.text)
            return
        }
        var table = Table("ID", "KIND", "COMPOSED", "SUBJECT")
        for digest in digests {
            table.add(digest.id, digest.kind, digest.composedAt.rfc3339, digest.subject)
        }
        print(table.text)
    }
}

struct DigestShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print one digest as it was composed.")

    @OptionGroup var node: NodeOption
    @Argument(help: "The digest's id.") var id: String
    @Option(name: .customLong("for"), help: "\(DigestForm.words)")
    var form = DigestForm.text

    func run() async throws {
        let wanted = id
        let digest: RenderedDigest?
        switch try node.target() {
        case .node(let node):
            let document = try await Search.request { () throws(RemoteNode.Fault) in
                try await node.get("/v1/digests/\(RemoteNode.encoded(wanted))")
            }
            digest = RenderedDigest(tree: try Answer.tree(document))
        case .folder(let local):
            digest = try await local.store(.reader).read { db in
                try DigestTable.row(db, id: wanted)
            }.map(RenderedDigest.init)
        }
        guard let digest else {
            Standard.error("no digest has this id; see `bellwether digest list`")
            throw ExitCode(1)
        }
        print(form.of(digest))
    }
}

struct DigestPreviewCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "preview",
        abstract: "Compose from the log what would be sent now; sends nothing.")

    @OptionGroup var node: NodeOption
    @Option(help: "Start: a duration ago such as 2h, or RFC 3339.") var since = "24h"
    @Option(name: .customLong("for"), help: "\(DigestForm.words)")
    var form = DigestForm.text

    func run() async throws {
        let now = WallClock.system.now
        guard let from = Timestamp(relativeOrRFC3339: since, now: now) else {
            throw ValidationError("--since takes a span such as 10m or 2h, or RFC 3339")
        }
        let digests: [RenderedDigest]
        switch try node.target() {
        case .node(let node):
            let document = try await Search.request { () throws(RemoteNode.Fault) in
                try await node.get(
                    "/v1/digests/preview" + Query.text([("since", from.rfc3339)]),
                    within: RemoteNode.wholeLog)
            }
            let tree = try Answer.tree(document)
            digests = (tree["digests"]?.elements ?? []).map(RenderedDigest.init(tree:))
            if tree["more"]?.bool == true {
                Standard.error("there are more digests than the node shows; give a later --since")
            }
        case .folder(let local):
            digests = try await DigestPreview.compose(
                local.settings, folder: local.folder, since: from, now: now
            ).digests
        }
        if digests.isEmpty { Standard.error("nothing failed since \(from.rfc3339)") }
        for digest in digests { print(form.of(digest)) }
    }
}

extension RenderedDigest {
    /// Fetches the newest digests from `GET /v1/digests`, page by page, at most `limit`.
    fileprivate static func list(
        of node: RemoteNode, limit: Int
    ) async throws -> [RenderedDigest] {
        var digests: [RenderedDigest] = []
        var path = "/v1/digests?limit=\(min(limit, 1000))"
        while true {
            let current = path
            let document = try await Search.request { () throws(RemoteNode.Fault) in
                try await node.get(current)
            }
            let tree = try Answer.tree(document)
            let rows = tree["digests"]?.elements ?? []
            digests += rows.map(RenderedDigest.init(tree:))
            // The node limits a page by its size in bytes.
            guard tree["more"]?.bool == true, let last = digests.last, !rows.isEmpty,
                digests.count < limit
            else { return digests }
            path = "/v1/digests?limit=\(min(limit - digests.count, 1000))&before=\(last.id)"
        }
    }

    /// Reads a digest of the answers of `/v1/digests`.
    fileprivate init(tree: JSONValue) {
        func text(_ key: String) -> String { tree[key]?.string ?? "" }
        func json(_ key: String) -> String {
            var writer = JSONWriter()
            writer.value(tree[key] ?? .null)
            return writer.text
        }
        self.init(
            id: text("id"), thread: tree["digest"]?["thread"]?.string ?? "",
            subject: text("subject"), slack: json("slack"), text: text("text"),
            html: text("html"), model: json("digest"), kind: text("kind"), groupKey: "",
            composedAt: Timestamp(rfc3339: text("composed_at")) ?? Timestamp(milliseconds: 0))
    }
}
