import Core
import Events
import JSON

/// The rollouts that a policy judges, by patterns of their names.
public struct RolloutMatch: Sendable, Hashable {
    /// Patterns in which `*` is any text and `?` any one character; empty: any.
    public let namespaces: [String]
    public let rollouts: [String]

    public init(namespaces: [String] = [], rollouts: [String] = []) {
        self.namespaces = namespaces
        self.rollouts = rollouts
    }

    public func matches(namespace: String, rollout: String) -> Bool {
        Self.fits(namespace, namespaces) && Self.fits(rollout, rollouts)
    }

    private static func fits(_ name: String, _ patterns: [String]) -> Bool {
        patterns.isEmpty
            || patterns.contains { Wildcard($0, hasPlaceholder: true).matches(name) }
    }
}

/// The policies of one configuration: those of single rollouts in order, and the one for the rest.
public struct PolicyTable: Sendable, Equatable {
    /// In the order in which they are tried.
    public let entries: [(match: RolloutMatch, policies: PolicySet)]
    /// Judges what no entry matches; nil: such rollouts are refused.
    public let fallback: PolicySet?

    public init(
        _ fallback: PolicySet?, entries: [(match: RolloutMatch, policies: PolicySet)] = []
    ) {
        self.entries = entries
        self.fallback = fallback
    }

    public static func == (a: Self, b: Self) -> Bool {
        a.fallback == b.fallback && a.entries.elementsEqual(b.entries, by: ==)
    }

    /// The policies that judge a rollout: of the first entry that matches, else the fallback. Nil
    /// if the rollout is refused.
    public func policies(namespace: String, rollout: String) -> PolicySet? {
        entries.first { $0.match.matches(namespace: namespace, rollout: rollout) }?.policies
            ?? fallback
    }

    /// The hash of the whole table; that of the fallback if there are no entries. Equal on two
    /// nodes if they judge every rollout alike.
    public var sha: String {
        if entries.isEmpty, let fallback { return fallback.sha }
        var writer = JSONWriter()
        writer.object { w in
            w.member(array: "entries") { w in
                for entry in entries {
                    w.object { w in
                        w.member(array: "namespaces") { w in
                            for pattern in entry.match.namespaces { w.value(pattern) }
                        }
                        w.member(array: "rollouts") { w in
                            for pattern in entry.match.rollouts { w.value(pattern) }
                        }
                        w.member("policy", entry.policies.sha)
                    }
                }
            }
            w.member("fallback", fallback?.sha)
        }
        return ContentHash.named(writer.text.utf8)
    }

    /// All policies, in order, the fallback last.
    public var all: [PolicySet] { entries.map(\.policies) + (fallback.map { [$0] } ?? []) }
}
