import App
import ArgumentParser
import Settings

/// The node of a command: a running one, or a data folder on this machine.
///
/// The options of every command that reads or changes a node.
struct NodeOption: ParsableArguments {
    @Option(
        name: .customLong("config"),
        help: ArgumentHelp(
            "The configuration of a node on this machine; its data folder is read.",
            discussion: """
                Without --config and --url: BELLWETHER_URL with BELLWETHER_TOKEN_FILE, or \
                BELLWETHER_CONFIG; the current context (bellwether context); ./bellwether.yaml; \
                /etc/bellwether/bellwether.yaml.
                """))
    var config: String?
    @Option(help: "The address of a running node, https://host:port.") var url: String?
    @Option(
        help: "A file with a token of that node; else BELLWETHER_TOKEN_FILE, or a context's.")
    var tokenFile: String?
    @Option(help: "A PEM file of certificates to trust, for --url; else BELLWETHER_CA_FILE.")
    var caFile: String?

    /// Finds what names the node. Prints what to do and exits with 69 (EX_UNAVAILABLE) if nothing
    /// does.
    ///
    /// - Parameter needsToken: Whether an address without a token is a fault.
    func place(needsToken: Bool = true) throws -> NodeSearch.Place {
        try Search.run(
            .init(url: url, tokenFile: tokenFile, caFile: caFile, configuration: config),
            needsToken: needsToken
        ).place
    }

    /// Finds the node; exits like `place`, also if its data folder does not exist.
    func target() throws -> Target {
        switch try place() {
        case .configuration(let file): return .folder(try LocalNode(configuration: file))
        case .node(let remote): return .node(try Search.client(remote))
        }
    }
}

/// Where a command works.
enum Target {
    /// A running node, through its HTTP interface.
    case node(RemoteNode)
    /// A data folder on this machine, also while no node runs.
    case folder(LocalNode)

    /// A client of the running node.
    func running() throws -> RemoteNode {
        switch self {
        case .node(let node): node
        case .folder(let local): try local.client()
        }
    }

    /// The document that a running node answers at `path`, or that `local` makes of the data
    /// folder.
    func document(
        _ path: String, within deadline: Duration = .seconds(10),
        local: (LocalNode) async throws -> [UInt8]
    ) async throws -> [UInt8] {
        switch self {
        case .folder(let node): return try await local(node)
        case .node(let node):
            return try await Search.request { () async throws(RemoteNode.Fault) in
                try await node.get(path, within: deadline)
            }
        }
    }

    /// The same for a change.
    ///
    /// - Throws: For a folder of one of two notifiers: the other one may lead, and would not know of
    ///   the change. Each has tokens of its own.
    func change(
        _ path: String, _ body: [UInt8] = [], local: (LocalNode) async throws -> [UInt8]
    ) async throws -> [UInt8] {
        switch self {
        case .folder(let node):
            guard node.settings.pair == nil || path.hasPrefix("/v1/tokens") else {
                throw ValidationError(
                    "this is one of two notifiers (ha): give --url and --token-file, so that the one that leads makes the change"
                )
            }
            return try await local(node)
        case .node(let node):
            return try await Search.request { () async throws(RemoteNode.Fault) in
                try await node.post(path, body)
            }
        }
    }
}

/// The configuration of a command that works on a file and not on a node.
struct ConfigOption: ParsableArguments {
    @Option(
        name: .customLong("config"),
        help: ArgumentHelp(
            "The configuration file.",
            discussion: """
                Without it: BELLWETHER_CONFIG, the current context (bellwether context), \
                ./bellwether.yaml, /etc/bellwether/bellwether.yaml.
                """))
    var path: String?

    /// Finds the file. Prints what to do and exits with 69 (EX_UNAVAILABLE) if there is none.
    func file() throws -> String {
        let found = try Search.run(.init(configuration: path), isOfFile: true)
        guard case .configuration(let file) = found.place else {
            Standard.error(
                "bellwether: \(found.source) names a running node, but this command reads a configuration file; give --config"
            )
            throw ExitCode(69)
        }
        return file
    }

    /// Reads the settings; prints all faults and exits with 78 (EX_CONFIG) if there are any.
    func load() throws -> Settings { try Search.settings(try file()) }
}

/// The configuration of a new node, or of the demonstration's.
struct ServedConfigOption: ParsableArguments {
    @Option(
        name: .customLong("config"),
        help: ArgumentHelp(
            "The configuration file.",
            discussion: """
                Without it: BELLWETHER_CONFIG, ./bellwether.yaml, /etc/bellwether/bellwether.yaml, \
                else the embedded defaults.
                """))
    var path: String?

    /// Reads the settings; prints all faults and exits with 78 (EX_CONFIG) if there are any.
    func load() throws -> Settings {
        try Search.settings(NodeSearch.configurationToServe(path))
    }
}

/// Steps of finding a node that end the command when they fail.
enum Search {
    static func run(
        _ options: NodeSearch.Names, needsToken: Bool = true, isOfFile: Bool = false
    ) throws -> NodeSearch.Found {
        let search = NodeSearch(options: options, needsToken: needsToken, isOfFile: isOfFile)
        do { return try search.find() } catch let fault as NodeSearch.Fault {
            Standard.error("bellwether: \(fault)")
            throw ExitCode(fault.isUsage ? 64 : 69)
        }
    }

    static func client(_ remote: NodeSearch.Remote) throws -> RemoteNode {
        try ending {
            () throws(RemoteNode.Fault) in
            try RemoteNode(
                url: remote.url, tokenFile: remote.tokenFile, caFile: remote.caFile)
        }
    }

    /// Runs a request; prints its fault and exits with 69 if the node cannot be reached, else
    /// with 1.
    static func request<T>(_ body: () async throws(RemoteNode.Fault) -> T) async throws -> T {
        do throws(RemoteNode.Fault) { return try await body() } catch {
            Standard.error("bellwether: \(error)")
            throw ExitCode(error.isUnreachable ? 69 : 1)
        }
    }

    static func ending<T>(_ body: () throws(RemoteNode.Fault) -> T) throws -> T {
        do throws(RemoteNode.Fault) { return try body() } catch {
            Standard.error("bellwether: \(error)")
            throw ExitCode(69)
        }
    }

    /// Reads settings; prints all faults and exits with 78 (EX_CONFIG) if there are any.
    static func settings(_ file: String?) throws -> Settings {
        do throws(SettingsFaults) {
            return try Settings.load(path: file, environment: environment)
        } catch {
            Standard.error(error.description)
            throw ExitCode(78)
        }
    }
}
