import Events

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
