import App
import ArgumentParser
import Core
import Foundation
import JSON
import Settings

struct ContextCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "context",
        abstract: "Keep nodes by name; commands use the current one.",
        discussion: """
            Contexts are kept in $XDG_CONFIG_HOME/bellwether/contexts.yaml, else in \
            ~/.config/bellwether/contexts.yaml, which only you can read. They hold the paths of token \
            files, not tokens. A command uses the current context unless --url, --config, \
            BELLWETHER_URL or BELLWETHER_CONFIG name a node.
            """,
        subcommands: [ContextAdd.self, ContextUse.self, ContextList.self, ContextRemove.self])
}

/// The file of contexts, for the commands that change it.
private struct ContextsFile {
    let path: String
    var contexts: Contexts

    /// Reads the file; exits with 69 if no folder is known for it, with 78 if it is invalid.
    init() throws {
        guard let path = Contexts.path(in: Search.environment) else {
            Standard.error(
                "bellwether: contexts are kept below $XDG_CONFIG_HOME or $HOME; set one of them to an absolute path"
            )
            throw ExitCode(69)
        }
        self.path = path
        do throws(SettingsFaults) { contexts = try Contexts(file: path) } catch {
            Standard.error(error.description)
            throw ExitCode(78)
        }
    }

    /// Writes the file with mode 0600; its folder is created with mode 0700.
    func write() throws {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        do {
            try AtomicFile.prepareAll(folder)
            try DataFolder(folder).writeSecret(contexts.yaml, to: path)
        } catch {
            let why =
                (error as? DataFolder.Fault)?.description ?? (error as? FileFault)?.description
                ?? error.localizedDescription
            Standard.error("bellwether: \(path): cannot be written (\(why))")
            throw ExitCode(73)
        }
    }

    /// Prints that there is no context of a name and exits with 1.
    func unknown(_ name: String) -> ExitCode {
        Standard.error("there is no context \(name); see `bellwether context list`")
        return ExitCode(1)
    }
}

struct ContextAdd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Keep a node under a name, or replace what it names.",
        discussion: "The first context becomes the current one.")

    @Argument(help: "The context's name: letters, digits, _ and -.") var name: String
    @Option(help: "The address of a running node, https://host:port.") var url: String?
    @Option(help: "A file with a token of that node; read at each command.") var tokenFile: String?
    @Option(help: "A PEM file of certificates to trust.") var caFile: String?
    @Option(help: "Instead of --url: the configuration of a node on this machine.")
    var config: String?
    @Flag(help: "Make it the current context.") var use = false

    func validate() throws {
        guard Contexts.isName(name) else {
            throw ValidationError(
                "a name begins with a letter, then letters, digits, _ and -, at most 64")
        }
        guard (url == nil) != (config == nil), (url == nil) == (tokenFile == nil),
            url != nil || caFile == nil
        else {
            throw ValidationError("give --url and --token-file, or --config alone")
        }
    }

    func run() throws {
        let place: Contexts.Place
        if let url, let tokenFile {
            let token = DataFolder.absolute(tokenFile)
            let authorities = caFile.map { DataFolder.absolute($0) } ?? ""
            // Also reads the token file.
            _ = try Search.client(.init(url: url, tokenFile: token, caFile: authorities))
            place = .node(url: url, tokenFile: token, caFile: authorities)
        } else {
            let file = DataFolder.absolute(config ?? "")
            _ = try Search.settings(file)
            place = .configuration(file)
        }
        var file = try ContextsFile()
        file.contexts.add(.init(name: name, place: place))
        if use { _ = file.contexts.use(name) }
        try file.write()
        let isCurrent = file.contexts.current == name
        Standard.error(
            "kept in \(file.path)"
                + (isCurrent ? "; it is the current context" : "; bellwether context use \(name)"))
    }
}

struct ContextUse: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "use", abstract: "Make a context the current one.")

    @Argument(help: "The context's name.") var name: String

    func run() throws {
        var file = try ContextsFile()
        guard file.contexts.use(name) else { throw file.unknown(name) }
        try file.write()
    }
}

struct ContextList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the contexts; * marks the current one.")

    @Flag(help: "Print as JSON.") var json = false

    func run() throws {
        let contexts = try ContextsFile().contexts
        if json {
            print(Self.document(contexts))
            return
        }
        var table = Table("CURRENT", "NAME", "NODE", "TOKEN FILE", "CA FILE")
        for entry in contexts.entries {
            let mark = entry.name == contexts.current ? "*" : ""
            switch entry.place {
            case .node(let url, let tokenFile, let caFile):
                table.add(mark, entry.name, url, tokenFile, caFile)
            case .configuration(let file): table.add(mark, entry.name, file, "", "")
            }
        }
        print(table.text)
    }

    private static func document(_ contexts: Contexts) -> String {
        var writer = JSONWriter()
        writer.array { w in
            for entry in contexts.entries {
                w.object { w in
                    w.member("name", entry.name)
                    w.member("current", entry.name == contexts.current)
                    switch entry.place {
                    case .node(let url, let tokenFile, let caFile):
                        w.member("url", url)
                        w.member("token_file", tokenFile)
                        w.member("ca_file", caFile.isEmpty ? nil : caFile)
                    case .configuration(let file): w.member("config", file)
                    }
                }
            }
        }
        return writer.text
    }
}

struct ContextRemove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Forget a context; its files stay.")

    @Argument(help: "The context's name.") var name: String

    func run() throws {
        var file = try ContextsFile()
        guard file.contexts.remove(name) else { throw file.unknown(name) }
        try file.write()
        if file.contexts.current == nil, !file.contexts.entries.isEmpty {
            Standard.error("no context is current now; see `bellwether context use`")
        }
    }
}
