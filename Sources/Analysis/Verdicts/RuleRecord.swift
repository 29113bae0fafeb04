import Events
import JSON

/// One check of a recorded verdict: its rule, judged values, computed numbers and findings.
///
/// The verdict's event contains the records as `rules`; `bellwether explain`
/// prints them.
public struct RuleRecord: Sendable, Equatable {
    public let id: String
    public let state: CheckState
    /// The check as configured, with the keys of its canonical text.
    public let rule: JSONValue
    public let value: Double?
    public let stable: Double?
    public let previous: Double?
    /// The statistical numbers, named as in the test vectors.
    public let numbers: [(name: String, value: JSONValue)]
    public let findings: [Finding]

    public struct Finding: Sendable, Equatable {
        public let state: CheckState
        public let why: String
        public let limit: Double?
        /// The probe's text, untrusted; empty if there is none.
        public let detail: String
    }

    public static func == (a: RuleRecord, b: RuleRecord) -> Bool { a.tree == b.tree }

    init(_ outcome: CheckOutcome) {
        id = outcome.check.id
        state = outcome.state
        rule = outcome.check.tree
        value = outcome.value
        stable = outcome.stable
        previous = outcome.previous
        numbers = outcome.numbers?.named ?? []
        findings = outcome.findings.map {
            Finding(state: $0.state, why: $0.rule.name, limit: $0.limit, detail: $0.detail)
        }
    }

    public init?(tree: JSONValue) {
        guard let id = tree["rule"]?["id"]?.string,
            let state = tree["state"]?.string.flatMap(CheckState.init(rawValue:))
        else { return nil }
        self.id = id
        self.state = state
        rule = tree["rule"] ?? .null
        value = tree["value"]?.double
        stable = tree["stable"]?.double
        previous = tree["previous"]?.double
        numbers = (tree["numbers"]?.members ?? []).map { ($0.key, $0.value) }
        findings = (tree["findings"]?.elements ?? []).compactMap { finding in
            guard let state = finding["state"]?.string.flatMap(CheckState.init(rawValue:)),
                let why = finding["why"]?.string
            else { return nil }
            return Finding(
                state: state, why: why, limit: finding["limit"]?.double,
                detail: finding["detail"]?.string ?? "")
        }
    }

    /// The rules of a recorded verdict; empty for an event without rules.
    public static func all(in event: Event) -> [RuleRecord] {
        (event.extra("rules")?.elements ?? []).compactMap(RuleRecord.init(tree:))
    }

    public var tree: JSONValue {
        var members: [JSONValue.Member] = [
            .init("state", .string(state.rawValue)), .init("rule", rule),
            .init("value", JSONValue(value)), .init("stable", JSONValue(stable)),
            .init("previous", JSONValue(previous)),
        ]
        if !numbers.isEmpty {
            members.append(
                .init("numbers", .object(numbers.map { JSONValue.Member($0.name, $0.value) })))
        }
        if !findings.isEmpty {
            members.append(
                .init(
                    "findings",
                    .array(
                        findings.map { finding in
                            var members: [JSONValue.Member] = [
                                .init("state", .string(finding.state.rawValue)),
                                .init("why", .string(finding.why)),
                            ]
                            if let limit = finding.limit {
                                members.append(.init("limit", JSONValue(limit)))
                            }
                            if !finding.detail.isEmpty {
                                members.append(.init("detail", .string(finding.detail)))
                            }
                            return .object(members)
                        })))
        }
        return .object(members)
    }

    /// The records of an attempt that fit into `limit` bytes, ascending by check id.
    ///
    /// The most severe outcomes are kept first. Nil if there is no record.
    static func list(_ outcomes: [CheckOutcome], within limit: Int = 12 * 1024) -> JSONValue? {
        var left = limit
        var kept: [(id: String, tree: JSONValue)] = []
        for outcome in outcomes.sorted(by: CheckOutcome.severestFirst) {
            let tree = RuleRecord(outcome).tree
            var writer = JSONWriter(capacity: 512)
            writer.value(tree)
            guard writer.bytes.count <= left else { continue }
            left -= writer.bytes.count
            kept.append((outcome.check.id, tree))
        }
        guard !kept.isEmpty else { return nil }
        return .array(kept.sorted { $0.id < $1.id }.map(\.tree))
    }
}

extension Check {
    /// The canonical text as a JSON value.
    fileprivate var tree: JSONValue {
        let text = Array(canonicalText.utf8)
        let limits = JSONLimits(maxBytes: max(text.count, 1), maxDepth: 8)
        do { return try JSONValue(parsing: text, limits: limits) } catch { return .null }
    }
}

extension StatisticalNumbers {
    /// The computed numbers, named as in the test vectors.
    var named: [(name: String, value: JSONValue)] {
        let numbers: [(String, Double?)] = [
            ("n", sample), ("lower", lower), ("upper", upper), ("stable_value", stableValue),
            ("ratio", ratio), ("exceed_canary", exceedCanary), ("exceed_stable", exceedStable),
            ("rank_lo", rankLow.map(Double.init)), ("rank_hi", rankHigh.map(Double.init)),
            ("p_window", pWindow), ("e", e), ("p_run", pRun), ("phi", step?.phi),
            ("previous", healthyMedian), ("previous_limit", growthLimit),
        ]
        var named = numbers.compactMap { name, number in
            number.map { (name: name, value: JSONValue($0)) }
        }
        if let certified { named.append(("certified", .bool(certified))) }
        return named
    }
}
