import Events
import JSON

/// The member `policy` of a test vector.
struct ReplayPolicy {
    let failShare: Int
    let comparable: Bool

    init(_ tree: JSONValue?) {
        failShare = tree?["fail_share"]?.count?.value ?? 50
        comparable = tree?["comparable"]?.bool ?? true
    }
}

/// A whole attempt of a test vector: judges its checks and merges them.
struct ReplayAttempt {
    /// The result of each judged check, by id.
    let checks: JSONValue
    private let judgement: Judgement

    /// - Parameter checks: An object of checks to judge, by id, or a list of
    ///   checks with given states.
    init(checks: JSONValue?, policy: ReplayPolicy, expecting: JSONValue? = nil) {
        let judged = (checks?.members ?? []).map {
            ReplayCheck(id: $0.key, $0.value, expecting: expecting?[$0.key])
        }
        let given = (checks?.elements ?? []).map(CheckOutcome.init(mergeCase:))
        self.checks = .object(judged.map { .init($0.outcome.check.id, $0.result) })
        judgement = Judgement(
            merging: judged.map(\.outcome) + given, failShare: policy.failShare,
            comparable: policy.comparable)
    }

    var verdict: JSONValue { judgement.vectorForm }
}

extension Judgement {
    /// The verdict in the form of the test vectors.
    var vectorForm: JSONValue {
        .object([
            .init("status", .string(status.rawValue)),
            .init("degraded", .bool(status.isDegraded)),
            .init("score", JSONValue(score)),
            .init("fail_weight", JSONValue(failWeight)),
            .init("total_weight", JSONValue(totalWeight)),
            .init(
                "warnings",
                .array(
                    warnings.map { outcome in
                        .object([
                            .init("id", .string(outcome.check.id)),
                            .init("status", .string(outcome.state.rawValue)),
                            .init("reasons", outcome.ruleNames),
                            .init("advisory", .bool(outcome.check.advisory)),
                        ])
                    })),
        ])
    }
}

extension CheckOutcome {
    var ruleNames: JSONValue { .array(findings.map { .string($0.rule.name) }) }

    /// Reads a check of a merge case, which contains its state.
    init(mergeCase tree: JSONValue) {
        let state = tree["status"]?.string.flatMap(CheckState.init(rawValue:)) ?? .nodata
        let reasons = tree["reasons"]?.elements?.compactMap(\.string) ?? []
        self.init(
            Check(id: tree["id"]?.string ?? "", tree: tree), state: state,
            findings: reasons.map { Finding(state, Rule($0)) })
    }
}

extension Check {
    /// Reads the members of a check other than its observation and limits.
    init(id: String, tree: JSONValue) {
        self.init(
            id: id, critical: tree["critical"]?.bool ?? false,
            weight: tree["weight"]?.count?.value ?? 1,
            nodata: tree["nodata"]?.string.flatMap(MissingData.init(rawValue:)) ?? .unknown,
            advisory: tree["advisory"]?.bool ?? false)
    }
}
