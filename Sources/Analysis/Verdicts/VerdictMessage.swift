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
        let spoken = judgement.outcomes
            .filter { $0.state != .pass && !$0.check.advisory }
            .sorted { ($0.state.gravity, $0.check.id) < ($1.state.gravity, $1.check.id) }
        for outcome in spoken.prefix(spelledOut) { text += " \(sentence(outcome))." }
        let more = spoken.count - spelledOut
        if more > 0 { text += " \(more) more \(more == 1 ? "check" : "checks") did not pass." }
        return text
    }

    private static func sentence(_ outcome: CheckOutcome) -> String {
        let id = outcome.check.id
        guard let finding = outcome.findings.first(where: { $0.state == outcome.state }) else {
            return "\(id) did not pass"
        }
        guard let number = outcome.value, finding.state != .nodata else {
            if finding.rule == .insufficient { return "\(id) saw too few requests to judge" }
            return "\(id) could not be measured (\(finding.rule))"
        }
        let words = { (value: Double) in outcome.unit.words(for: value) }
        let value = words(number)
        let stable = outcome.stable.map { "stable \(words($0))" } ?? "stable"
        let side = outcome.check.direction == .above ? "over" : "under"
        switch finding.rule {
        case .worseInWindow: return "\(id) is \(value), worse than \(stable)"
        case .worseOverRun: return "\(id) is \(value), worse than \(stable) over the run"
        case .grown:
            let limit = finding.limit.map { " the limit \(words($0)) set by" } ?? ""
            return "\(id) is \(value), \(side)\(limit) earlier attempts"
        default:
            guard let limit = finding.limit else {
                return outcome.unit == .flag ? "\(id) is false" : "\(id) is \(value)"
            }
            let beside = outcome.stable == nil ? "" : " (\(stable))"
            return "\(id) is \(value), \(side) the limit \(words(limit))\(beside)"
        }
    }
}
