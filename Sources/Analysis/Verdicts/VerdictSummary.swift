import Core
import Events

/// A verdict in one line, which people read in the AnalysisRun; the document's `summary`.
///
/// The first word is the status, so that a condition on the text alone works:
/// `result startsWith "healthy"`. At most `maxBytes` long, one line.
enum VerdictSummary {
    static let maxBytes = 200
    /// The longest place, in bytes.
    private static let placeBytes = 48

    static func text(
        _ judgement: Judgement, attempt: AttemptNumber, gateway: GatewayIdentity
    ) -> String {
        let place = (gateway.az.isEmpty ? gateway.node : gateway.az).cut(to: placeBytes, .utf8)
        let tail = " (" + (place.isEmpty ? "" : "\(place), ") + "attempt \(attempt.n))"
        let head = "\(judgement.status.rawValue): \(InertText.withoutControls(finding(judgement)))"
        let left = maxBytes - tail.utf8.count
        guard head.utf8.count > left else { return head + tail }
        return head.cut(to: left - 3, .utf8) + "…" + tail
    }

    /// The most severe finding; for a healthy verdict the canary's values.
    private static func finding(_ judgement: Judgement) -> String {
        // A failure stays one in a run whose attempts are not comparable.
        if !judgement.comparable, judgement.status == .unknown {
            return "two binaries or policies measured this run"
        }
        let spoken = judgement.spoken
        guard let first = spoken.first else { return passing(judgement) }
        let more = spoken.count - 1
        // What does not pass and is ignored is no reason for being healthy.
        let values = judgement.status == .healthy ? passing(judgement) + "; " : ""
        return values + FindingWords(outcome: first, isShort: true).text
            + (more > 0 ? ", and \(more) more \(more == 1 ? "check" : "checks") did not pass" : "")
    }

    private static func passing(_ judgement: Judgement) -> String {
        let counted = judgement.outcomes.filter { !$0.check.advisory && $0.state == .pass }
        guard !counted.isEmpty else { return "no check has data" }
        let values = counted.filter { $0.check.id.hasPrefix("canary.") }.compactMap { outcome in
            outcome.value.map {
                FindingWords(outcome: outcome, isShort: true).name + " "
                    + outcome.unit.words(for: $0)
            }
        }
        let passed = counted.count == 1 ? "1 check passed" : "\(counted.count) checks passed"
        return (values.prefix(2) + [passed]).joined(separator: ", ")
    }
}

extension Judgement {
    /// The checks that did not pass and are not advisory: first those that decided the status,
    /// then the most severe.
    var spoken: [CheckOutcome] {
        outcomes.filter { $0.state != .pass && !$0.check.advisory }.sorted { a, b in
            let decides = (a.lifted == status, b.lifted == status)
            if decides.0 != decides.1 { return decides.0 }
            return CheckOutcome.severestFirst(a, b)
        }
    }
}

/// A verdict as plain sentences, for people who read the log.
enum VerdictMessage {
    /// The number of checks that get a sentence of their own.
    private static let spelledOut = 3

    static func text(
        _ judgement: Judgement, request: MeasurementRequest, attempt: AttemptNumber,
        isRecovery: Bool
    ) -> String {
        let condition = isRecovery ? "healthy again" : judgement.status.rawValue
        var text =
            "\(request.rollout) in \(request.namespace): canary \(condition) at attempt "
            + "\(attempt.n)."
        if !judgement.comparable {
            text += " This run was measured by two different binaries or policies."
        }
        let spoken = judgement.spoken
        for outcome in spoken.prefix(spelledOut) {
            text += " \(FindingWords(outcome: outcome, isShort: false).text)."
        }
        let more = spoken.count - spelledOut
        if more > 0 { text += " \(more) more \(more == 1 ? "check" : "checks") did not pass." }
        return text
    }
}
