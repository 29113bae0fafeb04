import App
import Foundation
import Settings

/// Finds the node that a command works on: options, environment, current context, standard files.
///
/// The first place that names a node decides, also if that node turns out not to be usable. Reads
/// `contexts.yaml` and creates nothing.
struct NodeSearch {
    /// A running node and the files that a client of it needs.
    struct Remote: Equatable {
        var url: String
        /// Empty if no token is known and the command needs none.
        var tokenFile: String
        /// Empty for the system's authorities.
        var caFile: String
    }

    enum Place: Equatable {
        case node(Remote)
        /// The path of a configuration file.
        case configuration(String)
    }

    struct Found {
        let place: Place
        /// What named it, for messages.
        let source: String
    }

    /// No node is named, or not clearly.
    struct Fault: Error, CustomStringConvertible {
        let description: String
        /// Whether the options contradict each other.
        var isUsage = false
    }

    /// What one source names: an address or a configuration.
    struct Names {
        var url: String?
        var tokenFile: String?
        var caFile: String?
        var configuration: String?
    }

    /// The files that are looked for last, in order.
    static let standardFiles = ["./bellwether.yaml", "/etc/bellwether/bellwether.yaml"]

    private let options: Names
    private let variables: Names
    private let environment: [String: String]
    private let needsToken: Bool
    private let isOfFile: Bool

    /// - Parameters:
    ///   - needsToken: Whether an address without a token is a fault.
    ///   - isOfFile: Whether only a configuration file is of use: the command has no option for an
    ///     address, and refuses the node whatever its files are.
    init(
        options: Names, needsToken: Bool = true, isOfFile: Bool = false,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        func value(_ name: String) -> String? {
            environment[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        self.options = options
        self.needsToken = needsToken
        self.environment = environment
        self.isOfFile = isOfFile
        variables = Names(
            url: value("BELLWETHER_URL"), tokenFile: value("BELLWETHER_TOKEN_FILE"),
            caFile: value("BELLWETHER_CA_FILE"), configuration: value("BELLWETHER_CONFIG"))
    }

    func find() throws -> Found {
        if options.configuration != nil, options.url != nil {
            throw Fault(
                description:
                    "--url and --config name two nodes; give --url for a running node, or --config for the data folder on this machine",
                isUsage: true)
        }
        if let file = options.configuration {
            return Found(place: .configuration(file), source: "--config")
        }
        if let url = options.url {
            return Found(place: .node(try remote(url)), source: "--url")
        }
        if options.tokenFile != nil || options.caFile != nil {
            throw Fault(
                description: "--token-file and --ca-file belong to --url, which is missing",
                isUsage: true)
        }
        if variables.configuration != nil, variables.url != nil {
            throw Fault(
                description:
                    "BELLWETHER_URL and BELLWETHER_CONFIG name two nodes; unset one of them",
                isUsage: true)
        }
        if let file = variables.configuration {
            return Found(place: .configuration(file), source: "BELLWETHER_CONFIG")
        }
        if let url = variables.url {
            return Found(place: .node(try remote(url)), source: "BELLWETHER_URL")
        }
        if let entry = try contexts().chosen {
            return Found(place: Place(entry), source: "the context \(entry.name)")
        }
        if let file = Self.standardFile {
            return Found(place: .configuration(file), source: file)
        }
        throw Fault(description: nothing)
    }

    /// The configuration for a new node: the option, the variable, a standard file; else nil for
    /// the embedded defaults. Contexts name nodes that run already.
    static func configurationToServe(
        _ option: String?, environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> String? {
        let search = NodeSearch(options: Names(configuration: option), environment: environment)
        return option ?? search.variables.configuration ?? standardFile
    }

    private static var standardFile: String? {
        standardFiles.first { access($0, F_OK) == 0 }
    }

    /// The client's files for an address: those given beside it, else those of a context with the
    /// same address. A token is never sent to an address that it was not given for.
    private func remote(_ url: String) throws -> Remote {
        var tokenFile = options.tokenFile
        var caFile = options.caFile
        if variables.url == nil || Self.isSame(variables.url, url) {
            tokenFile = tokenFile ?? variables.tokenFile
            caFile = caFile ?? variables.caFile
        }
        if tokenFile == nil {
            for entry in try contexts().entries {
                guard case .node(let known, let token, let authorities) = entry.place,
                    Self.isSame(known, url)
                else { continue }
                tokenFile = token
                if caFile == nil, !authorities.isEmpty { caFile = authorities }
                break
            }
        }
        guard let tokenFile = tokenFile ?? (needsToken && !isOfFile ? nil : "") else {
            throw Fault(
                description:
                    "no token for \(url): give --token-file, set BELLWETHER_TOKEN_FILE, or keep it in a context: bellwether context add NAME --url \(url) --token-file FILE"
            )
        }
        return Remote(url: url, tokenFile: tokenFile, caFile: caFile ?? "")
    }

    private static func isSame(_ a: String?, _ b: String) -> Bool {
        func trimmed(_ url: String) -> Substring {
            url.hasSuffix("/") ? url.dropLast() : url[...]
        }
        return a.map { trimmed($0) == trimmed(b) } ?? false
    }

    private func contexts() throws -> Contexts {
        guard let file = Contexts.path(in: environment) else { return Contexts() }
        do throws(SettingsFaults) { return try Contexts(file: file) } catch {
            throw Fault(description: error.description)
        }
    }

    private var nothing: String {
        let folder = FileManager.default.currentDirectoryPath
        let contexts = Contexts.path(in: environment) ?? "a folder: HOME is not set"
        if isOfFile {
            return """
                no configuration is named. Looked for, in this order:
                  --config                          not given
                  BELLWETHER_CONFIG                 not set
                  the current context               none in \(contexts)
                  ./bellwether.yaml                 not in \(folder)
                  /etc/bellwether/bellwether.yaml   does not exist
                Give one of them. To keep one for later: bellwether context add NAME --config FILE
                """
        }
        return """
            no node is named. Looked for, in this order:
              --url and --token-file, or --config   not given
              BELLWETHER_URL, BELLWETHER_CONFIG     not set
              the current context                   none in \(contexts)
              ./bellwether.yaml                     not in \(folder)
              /etc/bellwether/bellwether.yaml       does not exist
            Give one of them. To keep a node for later: bellwether context add NAME --url https://HOST:8443 --token-file FILE
            """
    }
}

extension NodeSearch.Place {
    init(_ entry: Contexts.Entry) {
        switch entry.place {
        case .node(let url, let tokenFile, let caFile):
            self = .node(.init(url: url, tokenFile: tokenFile, caFile: caFile))
        case .configuration(let file): self = .configuration(file)
        }
    }
}
