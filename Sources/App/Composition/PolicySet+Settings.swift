import Analysis
import Settings

extension PolicySet {
    /// Creates the policies of a validated configuration.
    public init(_ analysis: Settings.Analysis) {
        let common = Dictionary(
            analysis.checks.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        self.init(
            Policy(checks: analysis.checks.map(Check.init), failShare: analysis.failShare),
            concerns: analysis.concerns.mapValues { concern in
                let own = Set(concern.own.map(\.id))
                let shared = concern.checks.filter { !own.contains($0) }.compactMap { common[$0] }
                return (shared + concern.own).map(Check.init)
            })
    }
}
