import App
import ArgumentParser
import Core
import JSON
import Settings

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Compare configurations.",
        subcommands: [ConfigDiff.self])
}

struct ConfigDiff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show what a configuration file would change; exit 1 if anything.",
        discussion: """
            Compares the effective values, defaults included, secrets masked: with --url with those \
            that the running node works by (its token needs the scope admin), with --config with those \
            of that file.
            """)

    @OptionGroup var node: NodeOption
    @Argument(help: "The new configuration file.") var file: String
    @Flag(help: "Print as JSON.") var json = false

    func run() async throws {
        let place = try node.place()
        let new = SettingsList(try Search.settings(file).describe())
        let old: SettingsList
        switch place {
        case .configuration(let known): old = SettingsList(try Search.settings(known).describe())
        case .node(let remote):
            let node = try Search.client(remote)
            let text = try await Search.request { () async throws(RemoteNode.Fault) in
                try await node.get("/v1/configuration")
            }
            old = SettingsList(String(decoding: text, as: UTF8.self))
        }
        let changes = new.changes(since: old)
        if json {
            print(Self.document(changes))
        } else {
            for change in changes {
                if let value = change.old {
                    Standard.line(InertText.terminal("- \(change.key): \(value)"))
                }
                if let value = change.new {
                    Standard.line(InertText.terminal("+ \(change.key): \(value)"))
                }
            }
        }
        if !changes.isEmpty { throw ExitCode(1) }
    }

    private static func document(_ changes: [SettingsList.Change]) -> String {
        var writer = JSONWriter()
        writer.array { w in
            for change in changes {
                w.object { w in
                    w.member("key", change.key)
                    w.member("old", change.old)
                    w.member("new", change.new)
                }
            }
        }
        return writer.text
    }
}
