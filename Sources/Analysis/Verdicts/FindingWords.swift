import Core
import Events

/// The findings of one check as words, for the message of the event and the summary.
struct FindingWords {
    let outcome: CheckOutcome
    /// `5xx_rate 1.9 % over the limit 1 %` instead of
    /// `canary.5xx_rate is 1.9 %, over the limit 1 % (stable 0.2 %)`.
    let isShort: Bool

    /// The most severe finding after the name of the check.
    var text: String {
        let own = outcome.findings.first { $0.state == outcome.state }
        guard let own else { return "\(name) did not pass" }
        var text = "\(name) \(words(own))"
        // Too few requests: what they show is kept beside it.
        if own.rule == .insufficient, let first = outcome.findings.first, first.state != .nodata {
            text += isShort ? "; \(words(first))" : ", but \(words(first))"
        }
        return text
    }

    /// The check's name; the short one without `canary.` and without a unit that follows the
    /// number.
    var name: String {
        let id = outcome.check.id
        guard isShort, id.hasPrefix("canary."), id.count > 7 else { return id }
        let bare = id.dropFirst(7)
        return String(bare.hasSuffix("_ms") && bare.count > 3 ? bare.dropLast(3) : bare)
    }

    private func words(_ finding: CheckOutcome.Finding) -> String {
        if finding.state == .nodata {
            return finding.rule == .insufficient
                ? "saw too few requests to judge"
                : "could not be measured (\(finding.rule.name.cut(to: 64, .utf8)))"
        }
        if finding.isOverRun { return overRun(finding) }
        guard let number = finding.compared?.value ?? outcome.value else { return "did not pass" }
        var unit = finding.compared?.unit ?? outcome.unit
        if unit == .flag {
            if number == 0 || number == 1 {
                // Its limit only lies between the two.
                let word = number == 0 ? "false" : "true"
                return isShort ? word : "is \(word)"
            }
            unit = .count
        }
        let side = outcome.check.direction == .above ? "over" : "under"
        let reference = finding.limit ?? finding.compared?.stable ?? outcome.stable
        let pair = reference.map { unit.words(for: number, beside: $0) }
        let value = amount(pair?.value ?? unit.words(for: number), of: finding)
        let limit = pair?.limit ?? ""
        switch finding.rule {
        case .worseInWindow: return "\(value)worse than stable \(limit)"
        case .grown: return "\(value)\(side) the limit \(limit) set by earlier attempts"
        case .relativeWarn, .relativeFail:
            let stable = outcome.stable.map { " \(unit.words(for: $0))" } ?? ""
            return "\(value)\(side) the limit \(limit) set by stable\(stable)"
        case _ where finding.limit == nil:
            return (isShort ? "" : "is ") + unit.words(for: number)
        default: break
        }
        if let unproven = finding.unproven {
            let (shown, limit) = unit.words(for: number, beside: unproven.limit)
            let bound = unit.words(for: unproven.bound, beside: unproven.limit).value
            let level = MetricUnit.ratio.words(for: unproven.confidence, beside: 1).value
            return amount(shown, of: finding)
                + "\(side) the fail limit \(limit), not yet proven (\(level) lower bound \(bound))"
        }
        let kind = finding.rule == .absoluteWarn ? "warning limit" : "limit"
        let beside = isShort ? nil : outcome.stable.map { " (stable \(unit.words(for: $0)))" }
        return "\(value)\(side) the \(kind) \(limit)\(beside ?? "")"
    }

    /// A finding of the run, with the run's numbers.
    private func overRun(_ finding: CheckOutcome.Finding) -> String {
        let after = finding.rule == .wasWorseInRun ? "; this window adds no evidence" : ""
        guard let compared = finding.compared else {
            return (isShort ? "" : "is ") + "worse than stable over the run\(after)"
        }
        let unit = compared.unit ?? outcome.unit
        let (value, stable) = unit.words(for: compared.value, beside: compared.stable)
        return amount(value, of: finding, span: " over the run")
            + "worse than stable \(stable)\(after)"
    }

    /// `is 1.9 %, ` or `1.9 % `; `has 1.9 % slow requests, ` for a share of requests.
    private func amount(
        _ value: String, of finding: CheckOutcome.Finding, span: String = ""
    ) -> String {
        let isShare = finding.compared?.unit != nil
        let verb = isShort ? "" : isShare ? "has " : "is "
        let comma = isShort ? " " : ", "
        return verb + value + (isShare ? " slow requests" : "") + span + comma
    }
}

extension CheckOutcome.Finding {
    /// Whether the rule judges the whole run, and so never the value of this window.
    var isOverRun: Bool { rule == .worseOverRun || rule == .wasWorseInRun }
}
