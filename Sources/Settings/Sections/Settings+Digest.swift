import Core
import Events

extension Settings {
    /// `digest`: when messages about a group of events are sent, and what they contain.
    public struct Digest: Sendable, Equatable {
        /// The event fields whose values identify a group.
        public var groupBy = ["namespace", "rollout", "revision"]
        /// How long the first failure of a quiet group is held.
        public var firstAfter = Duration.seconds(10)
        /// The shortest time between two messages of a group.
        public var window = Duration.seconds(60)
        /// The longest time that a message is held.
        public var maxWindow = Duration.seconds(300)
        /// How often an unchanged failure is reported again.
        public var repeatEvery = Duration.seconds(1800)
        /// The number of consecutive healthy attempts that ends an incident.
        public var recoverAfter = 2
        /// The most messages within a window; further groups are combined into one message.
        public var maxGroups = 20
        /// Link templates; `{namespace}` and `{rollout}` are replaced. Empty: no link.
        public var runbookURL = ""
        public var rolloutURL = ""
        /// The public address of the status page. Empty: no link.
        public var statusURL = ""
        /// Further links, such as dashboards, with the same placeholders and those of a digest.
        public var links: [Settings.Link] = []
        /// Who owns which groups; the first rule whose fields are equal applies.
        public var owners: [Settings.Owner] = []
        /// Prefixes of checks that concern the node itself. A fault of these checks alone is
        /// reported once, not once for each rollout.
        public var nodeChecks = ["gateway."]
        /// How long a gateway may send the notifier nothing until it is reported as silent; zero:
        /// for ever.
        public var silentAfter = Duration.seconds(300)
        /// When many groups that begin to fail together are one incident.
        public var storm = Storm()
        /// The number of unhealthy attempts at which the caller aborts (Argo's `failureLimit` plus
        /// one); nil: unknown, and not shown.
        public var abortAfter: Int?
        /// The number of attempts in a run (Argo's `count`); nil: unknown, and not shown.
        public var attempts: Int?
        /// Folder of `*.mustache` files that replace the built-in templates; empty: none.
        public var templates = ""

        public init() {}

        /// `digest.storm`.
        public struct Storm: Sendable, Equatable {
            /// The least number of groups; 0 turns storms off.
            public var groups = 5
            /// The longest time between the starts of two failures of a storm.
            public var within = Duration.seconds(60)
            /// The most messages that a receiver gets within a minute of a storm.
            public var messages = 3

            public init() {}
        }
    }

    /// An entry of `digest.links`.
    public struct Link: Sendable, Equatable {
        public var name: String
        public var url: String
    }

    /// An entry of `digest.owners`.
    public struct Owner: Sendable, Equatable {
        public var match: [String: String]
        public var owner: String
        public var onCall: String
    }
}

extension Settings.Digest.Storm {
    init(reading r: MappingReader) {
        self.init()
        groups = r.integer("groups", groups, in: 0...10_000)
        if groups == 1 {
            r.fault("groups", "1 group is no storm", "write 2 or more, or 0 for no storms")
        }
        within = r.duration("within", within, in: .seconds(1)...Duration.seconds(3600))
        messages = r.integer("messages", messages, in: 1...1000)
        r.finish()
    }
}

extension Settings.Digest {
    init(reading r: MappingReader) {
        self.init()
        groupBy = r.texts("group_by", groupBy)
        if groupBy.isEmpty {
            r.fault("group_by", "names no field", "name at least one, like rollout")
        }
        for (index, field) in groupBy.enumerated() {
            let isField =
                !field.isEmpty && field.utf8.count <= 128
                && field.unicodeScalars.allSatisfy {
                    $0.isLetterASCII || $0.isDigit || "_-.".unicodeScalars.contains($0)
                }
            if !isField {
                r.fault(
                    "group_by[\(index)]", "\(InertText.quoted(field)) is not a field's name",
                    "write a field of the event, dotted for inner ones")
            } else if groupBy.firstIndex(of: field) != index {
                r.fault("group_by[\(index)]", "\(field) is named twice", "name it once")
            }
        }
        readTimes(r)
        recoverAfter = r.integer("recover_after", recoverAfter, in: 1...1000)
        maxGroups = r.integer("max_groups", maxGroups, in: 1...10_000)
        runbookURL = link(r, "runbook_url")
        rolloutURL = link(r, "rollout_url")
        statusURL = link(r, "status_url")
        links = (r.mappings("links") ?? []).map { linkEntry($0) }
        owners = (r.mappings("owners") ?? []).map(Self.owner)
        nodeChecks = r.texts("node_checks", nodeChecks)
        silentAfter = r.duration("silent_after", silentAfter, in: .zero...(.seconds(86_400)))
        if silentAfter > .zero, silentAfter < .seconds(5) {
            r.fault(
                "silent_after", "gateways send a request every 2 s",
                "write 5s or more, or 0s to report none")
        }
        storm = Storm(reading: r.mapping("storm"))
        if r.has("abort_after") { abortAfter = r.integer("abort_after", 1, in: 1...100_000) }
        if r.has("attempts") { attempts = r.integer("attempts", 10, in: 1...100_000) }
        templates = r.folder("templates")
        r.finish()
    }

    /// What a link may name beside the fields of the group.
    private static let placeholders = ["az", "node", "incident", "digest", "from_ms", "to_ms"]

    private func link(_ r: MappingReader, _ key: String) -> String {
        let link = r.plain(key, "")
        let placeholder = #/\{([A-Za-z0-9_.-]+)\}/#
        let filled = link.replacing(placeholder, with: "x")
        if !link.isEmpty, (try? WebAddress(filled, schemes: ["https", "http"])) == nil {
            r.fault(
                key, "\(InertText.quoted(link)) is not a web address",
                "write https://…, {namespace} and {rollout} are filled in")
        }
        let known = groupBy + Self.placeholders
        for name in link.matches(of: placeholder).map({ String($0.output.1) })
        where !known.contains(name) {
            r.warn(
                key, "messages have no value for {\(name)}, which stays empty",
                Suggestion.remedy(for: name, among: known))
        }
        return link
    }

    private func linkEntry(_ r: MappingReader) -> Settings.Link {
        let entry = Settings.Link(name: r.plain("name", ""), url: link(r, "url"))
        if entry.name.isEmpty || entry.name.count > 40 {
            r.lacks("name is missing or longer than 40 characters", "write name: Dashboard")
        }
        if entry.url.isEmpty, !r.context.hasFault(at: r.path("url")) {
            r.lacks(
                "url is missing", "write url: https://grafana.example/d/x?var-rollout={rollout}")
        }
        r.finish()
        return entry
    }

    private static func owner(_ r: MappingReader) -> Settings.Owner {
        let rule = Settings.Owner(
            match: r.pairs("match"), owner: r.plain("owner", ""), onCall: r.plain("on_call", ""))
        if rule.owner.isEmpty, rule.onCall.isEmpty {
            r.lacks("owner and on_call are missing", "write owner: payments")
        }
        r.finish()
        return rule
    }

    private mutating func readTimes(_ r: MappingReader) {
        let hour = Duration.seconds(3600)
        firstAfter = r.duration("first_after", firstAfter, in: .zero...hour)
        window = r.duration("window", window, in: .milliseconds(100)...hour)
        maxWindow = r.duration("max_window", maxWindow, in: .milliseconds(100)...hour * 24)
        repeatEvery = r.duration("repeat", repeatEvery, in: .seconds(1)...hour * 24 * 7)
        if firstAfter > maxWindow {
            r.fault("first_after", "longer than max_window", "shorten it")
        }
        if window > maxWindow { r.fault("window", "longer than max_window", "shorten it") }
        if repeatEvery < window { r.fault("repeat", "shorter than window", "lengthen it") }
    }
}
