import App
import ArgumentParser
import Core
import Digests
import Events
import Foundation
import JSON
import Notifier
import Settings
import State

struct SilenceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "silence",
        abstract: "Hold digests back for a while; a running node applies it within a second.",
        discussion: """
            A condition is field=value, !=, ~part, =~regex, in (a, b), with and, or, not and
            parentheses. Fields are those of the group (namespace, rollout, revision) and kind,
            status, worst, level, az, node, metric, event. A digest is held back only if the
            conditions hold for everything in it: silencing one zone never hides another. What
            still fails when the silence ends is reported then, with everything that happened
            meanwhile.
            """,
        subcommands: [SilenceAdd.self, SilenceList.self, SilenceExpire.self])
}

struct SilenceAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a silence that starts now; prints its id.")

    @OptionGroup var node: NodeOption
    @Argument(help: "Such as namespace=prod rollout=payments-api; all must hold.")
    var matchers: [String]
    @Option(name: .customLong("for"), help: "How long, such as 1h or 2d.") var span: String?
    @Option(help: "Until when, RFC 3339.") var until: String?
    @Option(help: "The reason; shown in the digest after the silence.") var why: String
    @Option(help: "The author; the user's name by default.") var who: String?

    func validate() throws {
        if (span == nil) == (until == nil) { throw ValidationError("give --for or --until") }
    }

    func run() async throws {
        let now = WallClock.system.now
        let end = try end(now)
        let target = try node.target()
        // Another node may group its digests by other fields, and checks them itself.
        let fields =
            switch target {
            case .folder(let local):
                FilterFields.digests(groupBy: local.settings.digest.groupBy)
            case .node: FilterFields.digests(groupBy: []).orAny
            }
        let filter = try filter(fields)
        let author = who ?? NSUserName()
        let why = why
        var json = JSONWriter()
        json.object { json in
            json.member(array: "matchers") { w in
                for one in filter.conjuncts { w.value(one.description) }
            }
            json.member("until", end.rfc3339)
            json.member("who", author)
            json.member("why", why)
        }
        let answer = try await target.change("/v1/silences", json.bytes) { local in
            let id = try await local.store(.editor).write { db in
                try CommandDecisions.addSilence(
                    db, filter: filter, until: end, who: author, why: why, at: now)
            }
            var json = JSONWriter()
            json.object { $0.member("id", id) }
            return json.bytes
        }
        print(try Answer.tree(answer).text("id"))
        Standard.error("silenced until \(end.rfc3339)")
    }

    /// The arguments as one filter. A shell has removed the quotes around values with spaces.
    private func filter(_ fields: FilterFields) throws -> Filter {
        do throws(FilterFault) {
            var conditions: [Filter] = []
            for text in matchers { conditions.append(try Filter(entry: text, fields)) }
            let filter = try Filter(all: conditions, fields)
            if !filter.isAll { return filter }
        } catch {
            // `namespace=prod or namespace=dev` in several arguments.
            do throws(FilterFault) {
                return try Filter(matchers.joined(separator: " "), fields)
            } catch { throw ValidationError(InertText.terminal(error.description)) }
        }
        throw ValidationError("a silence of everything: name a field, such as namespace=dev")
    }

    private func end(_ now: Timestamp) throws -> Timestamp {
        let end: Timestamp
        if let span {
            guard let length = DurationText.parse(span), length > .zero else {
                throw ValidationError("--for takes a span such as 30m, 1h or 2d")
            }
            end = now + length
        } else {
            guard let moment = Timestamp(rfc3339: until ?? ""), moment > now else {
                throw ValidationError("--until takes RFC 3339, later than now")
            }
            end = moment
        }
        guard end - now <= SilenceRoutes.longest else {
            throw ValidationError("a silence lasts at most 90 days; use a mute time for more")
        }
        return end
    }
}

struct SilenceList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the silences in force; with --config also those of the configuration.")

    @OptionGroup var node: NodeOption
    @Flag(help: "Also list silences that ended within 30 days.") var all = false
    @Flag(help: "Print as JSON.") var json = false

    func run() async throws {
        let now = WallClock.system.now
        let ended = all
        let target = try node.target()
        let document = try await target.document(
            "/v1/silences" + (ended ? "?all=true" : "")
        ) { local in
            let entries = try await local.store(.reader).read { db in
                try SilenceBook.list(db, at: now, ended: ended)
            }
            return SilenceDocument.list(entries, at: now)
        }
        if json {
            print(String(decoding: document, as: UTF8.self))
            return
        }
        var table = Table("ID", "ACTIVE", "UNTIL", "HELD", "WHO", "MATCHERS", "WHY")
        for row in try Answer.tree(document)["silences"]?.elements ?? [] {
            let words = row["matchers"]?.elements?.compactMap(\.string) ?? []
            table.add(
                row.text("id"), row["active"]?.bool == true ? "yes" : "no", row.text("until"),
                "\(row["held"]?.integer ?? 0)", row.text("who"), words.joined(separator: " and "),
                row.text("why"))
        }
        switch target {
        case .node:
            Standard.error("silences of the node's configuration are not listed with --url")
        case .folder(let local):
            for silence in local.settings.silences {
                let until: String
                switch silence.schedule {
                case .once(_, let end): until = end.rfc3339
                case .weekly: until = "weekly"
                }
                table.add(
                    silence.id, "config", until, "", silence.who, silence.filter.description,
                    silence.why)
            }
        }
        print(table.text)
    }
}

struct SilenceExpire: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "expire", abstract: "End a silence now; what still fails is then reported.")

    @OptionGroup var node: NodeOption
    @Argument(help: "The silence's id, as `silence list` shows it.") var id: String

    func run() async throws {
        let now = WallClock.system.now
        let wanted = id
        _ = try await node.target().change(
            "/v1/silences/\(RemoteNode.encoded(wanted))/expire"
        ) { local in
            let isEnded = try await local.store(.editor).write { db in
                try CommandDecisions.expireSilence(db, id: wanted, at: now)
            }
            guard isEnded else {
                Standard.error("no silence in force has this id; see `bellwether silence list`")
                throw ExitCode(1)
            }
            return []
        }
    }
}
