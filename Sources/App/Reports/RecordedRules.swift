import Analysis
import Events
import JSON

/// Formats the recorded rules of a verdict: value, rule, numbers and findings of each check.
enum RecordedRules {
    /// - Parameter reasons: Those of the event: they have the numbers of the run.
    static func lines(_ rules: [RuleRecord], _ reasons: [Reason]) -> [String] {
        rules.flatMap { rule in
            [head(rule), "        rule: \(limits(rule.rule))"] + numbers(rule)
                + rule.findings.map { found in
                    finding(
                        found,
                        reasons.first { $0.check == rule.id && $0.why == found.why })
                }
        }
    }

    private static func head(_ rule: RuleRecord) -> String {
        var text = "  \(rule.state.rawValue)  \(rule.id) = \(number(rule.value))"
        if let stable = rule.stable { text += ", stable \(number(stable))" }
        if let previous = rule.previous { text += ", previous \(number(previous))" }
        return text
    }

    /// The rule's configured keys; keys that are not set are omitted.
    private static func limits(_ rule: JSONValue) -> String {
        guard case .object(let members) = rule else { return "" }
        return members.filter { $0.key != "id" && $0.value != .null }.map { member in
            if case .object = member.value { return "\(member.key) {\(limits(member.value))}" }
            return "\(member.key) \(word(member.value))"
        }.joined(separator: ", ")
    }

    private static func numbers(_ rule: RuleRecord) -> [String] {
        guard !rule.numbers.isEmpty else { return [] }
        let words = rule.numbers.map { "\($0.name) \(word($0.value))" }
        return ["        numbers: " + words.joined(separator: ", ")]
    }

    private static func finding(_ finding: RuleRecord.Finding, _ reason: Reason?) -> String {
        let isOfOther = reason.map { $0.isOverRun || $0.unit != nil || $0.unproven != nil } ?? false
        let compared = isOfOther ? reason?.comparison ?? "" : ""
        return "        \(finding.state.rawValue) by \(finding.why)"
            + (compared.isEmpty
                ? finding.limit.map { ", limit \(number($0))" } ?? "" : ": \(compared)")
            + (finding.detail.isEmpty ? "" : " (\(finding.detail))")
    }

    private static func word(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text
        case .bool(let flag): flag ? "yes" : "no"
        case .number: number(value.double)
        default: "–"
        }
    }

    private static func number(_ value: Double?) -> String {
        value.map(JSONNumber.text) ?? "no value"
    }
}
