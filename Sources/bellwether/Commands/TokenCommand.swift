import App
import ArgumentParser
import Events
import JSON
import Server
import Settings
import Store

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Create, list and revoke tokens.",
        subcommands: [TokenCreate.self, TokenList.self, TokenRevoke.self])
}

extension ConfigOption {
    /// The tokens of the data folder; works while the node runs.
    fileprivate func registry() async throws -> TokenRegistry {
        let folder = try folder()
        try folder.prepare()
        return try await TokenRegistry(store: Store(path: folder.state))
    }
}

struct TokenCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Create a token and print it once.")

    @OptionGroup var config: ConfigOption
    @Option(help: "The token's name; several tokens of one name may be valid.") var name: String
    @Option(help: "analysis, ingest, read or admin; may be given several times.")
    var scope: [String]
    @Option(help: "How long it is valid, such as 30d; unlimited by default.") var expires: String?
    @Flag(help: "Print as JSON.") var json = false

    func run() async throws {
        var scopes: Set<Scope> = []
        for text in scope {
            guard let one = Scope(rawValue: text) else {
                throw ValidationError("--scope takes analysis, ingest, read or admin")
            }
            scopes.insert(one)
        }
        let span = try expires.map { text in
            guard let span = DurationText.parse(text) else {
                throw ValidationError("--expires takes a span such as 30d or 12h")
            }
            return span
        }
        let issued = try await config.registry().create(
            name: name, scopes: scopes, expires: span)
        if json {
            var writer = JSONWriter()
            writer.object { w in
                w.member("id", issued.record.id)
                w.member("name", issued.record.name)
                w.member("scope", Scope.text(issued.record.scopes))
                w.member("expires", issued.record.expires?.rfc3339)
                w.member("token", issued.text)
            }
            print(writer.text)
        } else {
            Standard.error(
                "token \(issued.record.id) for \(issued.record.name); it is not shown again:")
            print(issued.text)
        }
    }
}

struct TokenList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List all tokens without their secret texts.")

    @OptionGroup var config: ConfigOption
    @Flag(help: "Print as JSON.") var json = false

    func run() async throws {
        let records = try await config.registry().list()
        let now = WallClock.system.now
        if json {
            var writer = JSONWriter()
            writer.array { w in
                for record in records {
                    w.object { w in
                        w.member("id", record.id)
                        w.member("name", record.name)
                        w.member("scope", Scope.text(record.scopes))
                        w.member("state", record.refusal(at: now)?.rawValue ?? "active")
                        w.member("created", record.created.rfc3339)
                        w.member("expires", record.expires?.rfc3339)
                        w.member("revoked", record.revoked?.rfc3339)
                    }
                }
            }
            print(writer.text)
            return
        }
        var table = Table("ID", "NAME", "SCOPE", "STATE", "CREATED", "EXPIRES")
        for record in records {
            table.add(
                record.id, record.name, Scope.text(record.scopes),
                record.refusal(at: now)?.rawValue ?? "active", record.created.rfc3339,
                record.expires?.rfc3339 ?? "never")
        }
        print(table.text)
    }
}

struct TokenRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Revoke a token now or after a while.")

    @OptionGroup var config: ConfigOption
    @Argument(help: "The token's id, as `token list` shows it.") var id: String
    @Option(help: "Keep it valid for this long, such as 1h.") var after: String?

    func run() async throws {
        var span = Duration.zero
        if let after {
            guard let parsed = DurationText.parse(after) else {
                throw ValidationError("--after takes a span such as 1h or 30m")
            }
            span = parsed
        }
        let record = try await config.registry().revoke(id, after: span)
        Standard.error(
            "token \(record.id) of \(record.name) is refused from \(record.revoked?.rfc3339 ?? "now") on"
        )
    }
}
