/// The policies of one kind of rollouts: one for the merged route, one for each concern.
///
/// All have the same `sha`. It covers the merged policy and every concern with
/// checks that the merged policy does not contain, and not the name.
public struct PolicySet: Sendable, Equatable {
    /// The name of the policies that judge where no other matches.
    public static let fallbackName = "default"

    /// The name in verdicts and events.
    public let name: String
    public let merged: Policy
    private let concerns: [String: Policy]

    /// - Parameter concerns: The checks of each concern, with the concern's own limits.
    public init(
        _ merged: Policy, concerns: [String: [Check]] = [:], name: String = fallbackName
    ) {
        let named = concerns.mapValues { Policy(checks: $0, failShare: merged.failShare) }
        // Concerns that only select checks of the merged policy are not part of the hash.
        let own = named.filter { !Set($0.value.checks).isSubset(of: merged.checks) }
            .sorted { $0.key < $1.key }.map { ($0.key, $0.value.sha) }
        let sha = own.isEmpty ? merged.sha : Policy.sha(of: merged, and: own)
        self.name = name
        self.merged = merged.named(name, sha)
        self.concerns = named.mapValues { $0.named(name, sha) }
    }

    public var sha: String { merged.sha }

    /// The names of the concerns, ascending.
    public var names: [String] { concerns.keys.sorted() }

    /// The policy of `concern`; an empty string selects the merged route. Nil if
    /// the concern is not configured.
    public func policy(for concern: String) -> Policy? {
        concern.isEmpty ? merged : concerns[concern]
    }
}
