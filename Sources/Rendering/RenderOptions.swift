import Core
import Digests

/// The links of a message, and what its commands need to find the node.
public struct RenderOptions: Sendable, Equatable {
    /// The runbook's `http(s)` address. Names of the group's fields in braces, such as
    /// `{namespace}` and `{rollout}`, are replaced by the percent-encoded values. No link for
    /// nil or any other address.
    public var runbookURL: String?
    /// The address of the rollout's page, such as Argo's dashboard; same format.
    public var rolloutURL: String?
    /// The address of the status page; nil: no link.
    public var statusURL: String?
    /// The option that each `bellwether` command ends with, such as `--url …`; empty: none.
    public var nodeOption: String
    /// The same for commands that read the configuration: `--config …`.
    public var configurationOption: String
    /// Further links, such as dashboards, in the order in which they are shown.
    public var links: [Link]
    /// Who owns which rollouts; the first rule that holds applies.
    public var owners: [Owner]

    /// A link with an address of the same format. Beside the group's fields it may name `az`,
    /// `node`, `incident`, `digest`, `from_ms` and `to_ms` (milliseconds since 1970).
    public struct Link: Sendable, Equatable {
        public var name: String
        public var url: String

        public init(name: String, url: String) {
            self.name = name
            self.url = url
        }

        /// Whether it names no field, so that it is the same for all groups.
        var isForEveryGroup: Bool { !url.contains("{") }
    }

    /// The owner of the groups whose fields have these values.
    public struct Owner: Sendable, Equatable {
        public var match: [String: String]
        public var owner: String
        public var onCall: String

        public init(match: [String: String], owner: String, onCall: String = "") {
            self.match = match
            self.owner = owner
            self.onCall = onCall
        }

        func holds(for group: GroupKey) -> Bool {
            match.allSatisfy { group[$0.key] == $0.value }
        }
    }

    public init(
        runbookURL: String? = nil, rolloutURL: String? = nil, statusURL: String? = nil,
        nodeOption: String = "", configurationOption: String = "",
        links: [Link] = [], owners: [Owner] = []
    ) {
        self.runbookURL = runbookURL
        self.rolloutURL = rolloutURL
        self.statusURL = statusURL
        self.nodeOption = nodeOption
        self.configurationOption = configurationOption
        self.links = links
        self.owners = owners
    }

    /// A command line that finds the node from any folder.
    func locating(_ line: String) -> String {
        guard line.hasPrefix("bellwether ") else { return line }
        let option = line.hasPrefix("bellwether check") ? configurationOption : nodeOption
        return option.isEmpty ? line : "\(line) \(option)"
    }

    /// Returns `template` with the fields filled in, safe in every markup.
    ///
    /// Returns nil when it is not an `http(s)` address, has an unclosed brace, or is longer than
    /// 2000 bytes.
    static func link(_ template: String?, fields: (String) -> String?) -> String? {
        guard var rest = template?[...], rest.hasPrefix("https://") || rest.hasPrefix("http://")
        else { return nil }
        var out = ""
        while let open = rest.firstIndex(of: "{") {
            out += rest[..<open]
            guard let close = rest[open...].firstIndex(of: "}") else { return nil }
            let field = fields(String(rest[rest.index(after: open)..<close]))
            out += PercentCoding.encode(field ?? "", keeping: "-.")
            rest = rest[rest.index(after: close)...]
        }
        out += rest
        // `_` and `~` are encoded too, because they are markup in Slack.
        let link = PercentCoding.encode(out, keeping: "-./:?#[]!$&'()+,;=%")
        return link.utf8.count <= 2000 ? link : nil
    }
}
