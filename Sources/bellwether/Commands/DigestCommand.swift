import App
import ArgumentParser
import Delivery
import Events
import JSONScan
import Rendering
import Store

struct DigestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "digest", abstract: "What people were told, and what they would be told now.",
        subcommands: [DigestList.self, DigestShow.self, DigestPreviewCommand.self])
}

/// How a digest can be shown.
enum DigestForm: String, ExpressibleByArgument, CaseIterable {
    case slack, text, html

    func of(_ digest: RenderedDigest) -> String {
        switch self {
        case .slack: digest.slack
        case .text: TerminalText.inertLines(digest.text)
        case .html: digest.html
        }
    }
}

struct DigestList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Digests that were composed, the newest first.")

    @OptionGroup var config: ConfigOption
    @Option(help: "At most so many.") var limit = 50
    @Flag(help: "Print as JSON.") var json = false

    func run() async throws {
        let most = limit
        let digests = try await config.store().read { db in
            try Outbox.digests(db, limit: most)
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
        commandName: "show", abstract: "One digest as it was composed.")

    @OptionGroup var config: ConfigOption
    @Argument(help: "The digest's id.") var id: String
    @Option(name: .customLong("for"), help: "text, html or slack.") var form = DigestForm.text

    func run() async throws {
        let wanted = id
        guard
            let digest = try await config.store().read({ db in
                try Outbox.digest(db, id: wanted)
            })
        else {
            Standard.error("no digest has this id; see `bellwether digest list`")
            throw ExitCode(1)
        }
        print(form.of(digest))
    }
}

struct DigestPreviewCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "preview",
        abstract: "Compose from the log's history what would be told now; sends nothing.")

    @OptionGroup var config: ConfigOption
    @Option(help: "From when, such as 2h or RFC 3339.") var since = "24h"
    @Option(name: .customLong("for"), help: "text, html or slack.") var form = DigestForm.text

    func run() async throws {
        let now = WallClock.system.now
        guard let from = Timestamp(relativeOrRFC3339: since, now: now) else {
            throw ValidationError("--since takes a span such as 10m or 2h, or RFC 3339")
        }
        let digests = try await DigestPreview.compose(try config.load(), since: from, now: now)
        if digests.isEmpty { Standard.error("nothing failed since \(from.rfc3339)") }
        for digest in digests { print(form.of(digest)) }
    }
}
