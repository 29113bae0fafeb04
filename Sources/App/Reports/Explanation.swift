import Analysis
public import Events
import JSON

/// A verdict's event as text: every check with its numbers and findings, as recorded.
///
/// The text is untrusted.
public struct Explanation: Sendable {
    public let text: String

    public init(of event: Event) {
        var lines: [String] = []
        let subject = [event.namespace, event.rollout].compactMap(\.self).joined(separator: "/")
        lines.append(
            "\(event.event) \(subject.isEmpty ? "" : "of \(subject) ")at \(event.ts.rfc3339)"
                + (event.attempt.map { ", attempt \($0)" } ?? ""))
        if let node = event.node {
            lines.append("measured by \(node)" + (event.az.map { " in \($0)" } ?? ""))
        }
        if let document = event.extra("document"), let window = document["window"] {
            lines.append(
                "data from \(window["start"]?.string ?? "?") to \(window["end"]?.string ?? "?")"
                    + ", score \(document["score"]?.integer.map(String.init) ?? "none")")
        }
        if let message = event.message { lines.append(message) }
        let rules = RuleRecord.all(in: event)
        if !rules.isEmpty { lines += [""] + RecordedRules.lines(rules, event.reasons) }
        let recorded = Set(rules.map(\.id))
        let deltas = event.deltas.filter { !recorded.contains($0.metric) }
        if !deltas.isEmpty { lines.append("") }
        for delta in deltas {
            lines.append(Self.row(delta))
            for reason in event.reasons where reason.check == delta.metric {
                lines.append(Self.row(reason))
            }
        }
        let judged = Set(event.deltas.map(\.metric))
        for reason in event.reasons where !judged.contains(reason.check) {
            lines.append("  \(reason.check)")
            lines.append(Self.row(reason))
        }
        lines.append("")
        let name = event.extra("policy_name")?.string.map { "\($0), " } ?? ""
        if let policy = event.policy { lines.append("policy \(name)\(policy)") }
        for probe in ProbeScope.all(in: event) {
            lines.append(
                "probe \(probe.probe): "
                    + (probe.arguments.isEmpty
                        ? "the same data for all rollouts"
                        : "data selected by \(probe.arguments.joined(separator: ", "))"))
        }
        if let binary = event.binary { lines.append("binary \(binary)") }
        text = lines.joined(separator: "\n")
    }

    private static func row(_ delta: MetricDelta) -> String {
        var parts = ["  \(delta.state.rawValue)  \(delta.metric) = \(number(delta.value))"]
        if let limit = delta.limit { parts.append("limit \(number(limit))") }
        if let stable = delta.stable { parts.append("stable \(number(stable))") }
        if let previous = delta.previous { parts.append("previous \(number(previous))") }
        return parts.joined(separator: ", ")
    }

    private static func row(_ reason: Reason) -> String {
        "        \(reason.state.rawValue) by rule \(reason.why)"
            + (reason.comparison.isEmpty ? "" : ": \(reason.comparison)")
            + (reason.detail.isEmpty ? "" : " (\(reason.detail))")
    }

    private static func number(_ value: Double?) -> String {
        value.map(JSONNumber.text) ?? "no value"
    }
}

extension Reason {
    /// Whether its rule judges the whole run, so that `value` is not that of the window.
    var isOverRun: Bool { why.hasSuffix("_run") }

    /// The recorded numbers that the rule compared; empty without any:
    /// `0.0175 over the whole run against stable 0.00125`.
    var comparison: String {
        var words = ""
        if let other = limit ?? stable {
            words =
                (value.map(JSONNumber.text) ?? "no value")
                // The number is then a share of the requests, not the check's own value.
                + (unit == nil ? "" : " of the requests") + (isOverRun ? " over the whole run" : "")
                + " against \(limit == nil ? "stable " : "")\(JSONNumber.text(other))"
        }
        if let unproven {
            words +=
                "\(words.isEmpty ? "" : ", ")fail limit \(JSONNumber.text(unproven.limit)) not yet proven "
                + "(lower bound \(JSONNumber.text(unproven.bound)) at \(JSONNumber.text(unproven.confidence)))"
        }
        return words
    }
}
