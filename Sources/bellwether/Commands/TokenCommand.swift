import App
import ArgumentParser
import Events
import JSON
import Server
import Settings
import State

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Create, list and revoke tokens.",
        subcommands: [TokenCreate.self, TokenList.self, TokenRevoke.self])

    /// Runs a change of the data folder's tokens; prints its fault and exits with 1.
    static func changing<T>(_ body: () async throws -> T) async throws -> T {
        do { return try await body() } catch let fault as ServerError {
            Standard.error("bellwether: \(fault)")
            throw ExitCode(1)
        }
    }
}

struct TokenCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Create a token and print it once.")

    @OptionGroup var node: NodeOption
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
            guard let span = DurationText.parse(text), span >= .seconds(1) else {
                throw ValidationError("--expires takes a span such as 30d or 12h")
            }
            return span
        }
        let wanted = (name: name, scopes: scopes)
        var order = JSONWriter()
        order.object { w in
            w.member("name", name)
            w.member(array: "scopes") { w in
                for scope in scopes.sorted() { w.value(scope.rawValue) }
            }
            if let span { w.member("expires_in", Int(span.components.seconds)) }
        }
        let answer = try await node.target().change("/v1/tokens", order.bytes) { local in
            try await TokenCommand.changing {
                TokenDocument.issued(
                    try await local.tokens(.editor).create(
                        name: wanted.name, scopes: wanted.scopes, expires: span))
            }
        }
        if json {
            print(String(decoding: answer, as: UTF8.self))
        } else {
            let token = try Answer.tree(answer)
            Standard.error(
                "token \(token.text("id")) for \(token.text("name")); it is not shown again:")
            print(token.text("token"))
        }
    }
}

struct TokenList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List all tokens without their secret texts.")

    @OptionGroup var node: NodeOption
    @Flag(help: "Print as JSON.") var json = false

    func run() async throws {
        let document = try await node.target().document("/v1/tokens") { local in
            TokenDocument.list(
                try await local.tokens(.reader).list(), at: WallClock.system.now)
        }
        if json {
            print(String(decoding: document, as: UTF8.self))
            return
        }
        var table = Table("ID", "NAME", "SCOPE", "STATE", "CREATED", "EXPIRES")
        for row in try Answer.rows(document) {
            table.add(
                row.text("id"), row.text("name"), row.text("scope"), row.text("state"),
                row.text("created"), row["expires"]?.string ?? "never")
        }
        print(table.text)
    }
}

struct TokenRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Revoke a token now or after a while.")

    @OptionGroup var node: NodeOption
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
        let (wanted, overlap) = (id, span)
        let answer = try await node.target().change(
            "/v1/tokens/\(RemoteNode.encoded(wanted))/revoke?after=\(span.components.seconds)"
        ) { local in
            try await TokenCommand.changing {
                TokenDocument.one(
                    try await local.tokens(.editor).revoke(wanted, after: overlap),
                    at: WallClock.system.now)
            }
        }
        let token = try Answer.tree(answer)
        Standard.error(
            "token \(token.text("id")) of \(token.text("name")) is refused from \(token["revoked"]?.string ?? "now") on"
        )
    }
}
