/// One configuration's policies: the merged route's and each concern's.
///
/// All carry one hash, over everything that can change a verdict of any route:
/// what was configured is one thing, and a verdict names it.
public struct PolicySet: Sendable, Equatable {
    public let merged: Policy
    private let concerns: [String: Policy]

    /// - Parameter concerns: The checks of each concern, its own limits included.
    public init(_ merged: Policy, concerns: [String: [Check]] = [:]) {
        let named = concerns.mapValues { Policy(checks: $0, failShare: merged.failShare) }
        // Concerns that only select common checks change no verdict by themselves.
        let own = named.filter { !Set($0.value.checks).isSubset(of: merged.checks) }
            .sorted { $0.key < $1.key }.map { ($0.key, $0.value.sha) }
        let sha = own.isEmpty ? merged.sha : Policy.sha(of: merged, and: own)
        self.merged = merged.named(sha)
        self.concerns = named.mapValues { $0.named(sha) }
    }

    public var sha: String { merged.sha }

    /// The names of the concerns, ascending.
    public var names: [String] { concerns.keys.sorted() }

    /// The policy of `concern`, empty for the merged route; nil for one that is
    /// not configured.
    public func policy(for concern: String) -> Policy? {
        concern.isEmpty ? merged : concerns[concern]
    }
}
