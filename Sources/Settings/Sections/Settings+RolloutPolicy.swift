import Core
import Events

extension Settings.Analysis {
    /// One entry of `analysis.policies`: how the rollouts that it matches are measured and judged.
    public struct RolloutPolicy: Sendable, Equatable {
        /// Which rollouts a policy judges.
        public struct Match: Sendable, Equatable {
            /// Patterns in which `*` is any text and `?` any character; empty: any.
            public var namespaces: [String] = []
            public var rollouts: [String] = []

            public init() {}

            /// Whether more than one rollout can match.
            public var mayBeSeveral: Bool {
                rollouts.count != 1 || namespaces.count != 1
                    || (rollouts + namespaces).contains {
                        $0.contains(where: { "*?".contains($0) })
                    }
            }

            /// Whether everything that `other` matches is plainly matched: the same patterns, or
            /// any.
            func covers(_ other: Match) -> Bool {
                func covers(_ mine: [String], _ theirs: [String]) -> Bool {
                    mine.isEmpty || mine.contains("*")
                        || !theirs.isEmpty && theirs.allSatisfy(mine.contains)
                }
                return covers(namespaces, other.namespaces) && covers(rollouts, other.rollouts)
            }
        }

        /// The name in verdicts and events.
        public var name: String
        public var match = Match()
        public var failShare: Int
        /// The names of the probes that run: common ones, and those in `ownProbes`.
        public var probes: [String]
        /// The probes that only this policy has.
        public var ownProbes: [Settings.Probe] = []
        public var checks: [Settings.Check]
        public var concerns: [String: Settings.Concern]

        /// The name of what judges where no policy matches.
        public static let fallbackName = "default"
    }
}

extension Settings.Analysis.RolloutPolicy {
    /// - Parameter common: The probes, checks and concerns that the policy has unless it names its
    ///   own.
    init(reading r: MappingReader, of common: Settings.Analysis) {
        name = r.name("name")
        failShare = r.integer("fail_share", common.failShare, in: 1...100)
        probes = common.probes.map(\.name)
        checks = common.checks
        concerns = common.concerns
        if name == Self.fallbackName {
            r.fault(
                "name", "\(name) is the name of what judges where no policy matches",
                "give it another name")
        }
        match = Match(reading: r.mapping("match"))
        if match == Match(), !r.context.hasFault(within: r.path("match")) {
            r.warn(
                "match", "matches every rollout, so policies behind it are never used",
                "write match: {namespace: prod, rollout: \"payments-*\"}")
        }
        readProbes(r, common)
        readChecks(r, common)
        concerns = Settings.Concern.read(r, checks: checks, standard: common.concerns)
        r.finish()
    }

    private mutating func readProbes(_ r: MappingReader, _ common: Settings.Analysis) {
        guard let elements = r.list("probes") else { return }
        let known = probes
        probes = []
        for (index, element) in elements.enumerated() {
            if case .text(let name) = element {
                if known.contains(name) {
                    probes.append(name)
                } else {
                    r.fault(
                        "probes[\(index)]",
                        "there is no probe \(InertText.quoted(name)) in analysis.probes",
                        Suggestion.remedy(for: name, among: known))
                }
                continue
            }
            let reader = MappingReader(
                element, path: "\(r.path("probes"))[\(index)]", context: r.context)
            if let probe = Settings.Probe(reading: reader, budget: common.budget) {
                ownProbes.append(probe)
                probes.append(probe.name)
            }
        }
    }

    private mutating func readChecks(_ r: MappingReader, _ common: Settings.Analysis) {
        guard let elements = r.list("checks") else { return }
        checks = []
        for (index, element) in elements.enumerated() {
            if case .text(let id) = element {
                if let check = common.checks.first(where: { $0.id == id }) {
                    checks.append(check)
                } else {
                    r.fault(
                        "checks[\(index)]",
                        "there is no check \(InertText.quoted(id)) in analysis.checks",
                        Suggestion.remedy(for: id, among: common.checks.map(\.id)))
                }
                continue
            }
            checks.append(
                Settings.Check(
                    reading: MappingReader(
                        element, path: "\(r.path("checks"))[\(index)]", context: r.context)))
        }
        if checks.isEmpty, !r.context.hasFault(within: r.path("checks")) {
            r.fault("checks", "there is none", "name at least one, or leave the key out")
        }
    }
}

extension Settings.Analysis.RolloutPolicy.Match {
    fileprivate init(reading r: MappingReader) {
        self.init()
        namespaces = Self.patterns(r, "namespace")
        rollouts = Self.patterns(r, "rollout")
        r.finish()
    }

    /// Reads one pattern or a list of them.
    private static func patterns(_ r: MappingReader, _ key: String) -> [String] {
        var isList = false
        if case .list? = r.value(key) { isList = true }
        let patterns = isList ? r.texts(key) : r.text(key).map { [$0] } ?? []
        for (index, pattern) in patterns.enumerated() {
            let isPattern =
                !pattern.isEmpty && pattern.utf8.count <= 253
                && pattern.unicodeScalars.allSatisfy {
                    ("a"..."z").contains($0) || $0.isDigit || "-.*?".unicodeScalars.contains($0)
                }
            if !isPattern {
                r.fault(
                    isList ? "\(key)[\(index)]" : key,
                    "\(InertText.quoted(pattern)) matches no Kubernetes name",
                    "write lower-case letters, digits, - and ., with * for any text")
            }
        }
        return patterns
    }
}
