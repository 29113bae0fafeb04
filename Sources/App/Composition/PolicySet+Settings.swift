import Analysis
import Settings

extension PolicyTable {
    /// Creates the policies of a validated configuration.
    public init(_ analysis: Settings.Analysis) {
        self.init(
            analysis.unmatched == .refuse
                ? nil
                : PolicySet(
                    analysis.checks, analysis.concerns, failShare: analysis.failShare,
                    name: PolicySet.fallbackName),
            entries: analysis.policies.map { policy in
                (
                    RolloutMatch(policy.match),
                    PolicySet(
                        policy.checks, policy.concerns, failShare: policy.failShare,
                        name: policy.name)
                )
            })
    }
}

extension Settings.Analysis {
    /// The concerns of the policy that judges a rollout; nil if the rollout is refused.
    public func concerns(namespace: String, rollout: String) -> [String: Settings.Concern]? {
        let policy = policies.first {
            RolloutMatch($0.match).matches(namespace: namespace, rollout: rollout)
        }
        return policy?.concerns ?? (unmatched == .refuse ? nil : concerns)
    }
}

extension RolloutMatch {
    fileprivate init(_ match: Settings.Analysis.RolloutPolicy.Match) {
        self.init(namespaces: match.namespaces, rollouts: match.rollouts)
    }
}

extension PolicySet {
    fileprivate init(
        _ checks: [Settings.Check], _ concerns: [String: Settings.Concern], failShare: Int,
        name: String
    ) {
        let common = Dictionary(
            checks.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        self.init(
            Policy(checks: checks.map(Check.init), failShare: failShare),
            concerns: concerns.mapValues { concern in
                let own = Set(concern.own.map(\.id))
                let shared = concern.checks.filter { !own.contains($0) }.compactMap { common[$0] }
                return (shared + concern.own).map(Check.init)
            }, name: name)
    }
}
