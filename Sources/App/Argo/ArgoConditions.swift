import JSON

/// What Argo makes of one answer.
enum ArgoOutcome: Sendable, Equatable {
    case phase(ArgoRun.Phase)
    /// An Error, with its reason.
    case error(String)
    /// It cannot be decided here, for this reason.
    case undecided(String)

    var phase: ArgoRun.Phase? {
        switch self {
        case .phase(let phase): phase
        case .error: .error
        case .undecided: nil
        }
    }
}

/// The two conditions of a metric, evaluated as Argo does for each measurement.
///
/// Source: `evaluate.EvaluateResult`, Argo Rollouts 1.7 to 1.10. Failure takes precedence; a
/// missing condition is the opposite of the other one; with neither, everything succeeds.
struct ArgoConditions: Sendable {
    /// Empty where a condition is missing.
    let success: String
    let failure: String

    init(success: String?, failure: String?) {
        self.success = success ?? ""
        self.failure = failure ?? ""
    }

    /// The outcome for a value of `result`.
    func outcome(of result: ArgoValue, _ dialect: ArgoDialect) -> ArgoOutcome {
        outcomeAndRisks(of: result, dialect).outcome
    }

    func outcomeAndRisks(
        of result: ArgoValue, _ dialect: ArgoDialect
    ) -> (outcome: ArgoOutcome, risks: Set<String>) {
        // What varies between kinds has its types checked for each of them.
        if case .varies(let kinds, let name) = result, kinds.single.count > 1 {
            var outcomes: [(kinds: ArgoKinds, outcome: ArgoOutcome)] = []
            var risks: Set<String> = []
            for kind in kinds.single where kind != .integer {
                let one: ArgoValue = kind == .null ? .null : .varies(kind, name: name)
                let (outcome, more) = outcomeAndRisks(of: one, dialect)
                outcomes.append((kind, outcome))
                risks.formUnion(more)
            }
            if let first = outcomes.first,
                outcomes.allSatisfy({ $0.outcome.phase == first.outcome.phase }),
                first.outcome.phase != nil
            {
                return (first.outcome, risks)
            }
            for (kind, outcome) in outcomes {
                if case .error = outcome { risks.insert("\(name) may be \(kind.words)") }
            }
            return (.undecided("it depends on \(name)"), risks)
        }
        var risks: Set<String> = []
        do throws(ArgoExpression.Stop) {
            let succeeded = try truth(of: success, "successCondition", result, dialect, &risks)
            let failed = try truth(of: failure, "failureCondition", result, dialect, &risks)
            // An Error in one condition is an Error, whatever the other one says.
            if !risks.isEmpty { return (.undecided("it is an Error in some answers"), risks) }
            switch (succeeded, failed) {
            case (.missing, .missing): return (.phase(.successful), risks)
            case (.holds(let flag), .missing): return (.phase(flag ? .successful : .failed), risks)
            case (.missing, .holds(let flag)): return (.phase(flag ? .failed : .successful), risks)
            case (_, .holds(true)): return (.phase(.failed), risks)
            case (.holds(let flag), .holds(false)):
                return (.phase(flag ? .successful : .inconclusive), risks)
            case (.open(let words), _), (_, .open(let words)): return (.undecided(words), risks)
            }
        } catch {
            if case .error(let words) = error { return (.error(words), risks) }
            return (.undecided("the conditions"), risks)
        }
    }

    /// What one condition says.
    private enum Truth {
        case missing
        case holds(Bool)
        /// It depends on the answer, or is not supported.
        case open(String)
    }

    /// - Throws: `error` only. Argo evaluates both conditions first: an Error in one is an Error.
    private func truth(
        of text: String, _ key: String, _ result: ArgoValue, _ dialect: ArgoDialect,
        _ risks: inout Set<String>
    ) throws(ArgoExpression.Stop) -> Truth {
        guard !text.isEmpty else { return .missing }
        do throws(ArgoExpression.Stop) {
            let (value, more) = try ArgoExpression(text, dialect).value(for: result, dialect)
            risks.formUnion(more)
            switch value {
            case .flag(let flag): return .holds(flag)
            case .varies(let kinds, let name) where kinds.contains(.flag):
                if kinds != .flag { risks.insert("\(name) may not be true or false") }
                return .open("it depends on \(name)")
            default: throw .error("it is \(value.kinds.words), not true or false")
            }
        } catch {
            switch error {
            case .error(let words): throw .error("\(key): \(words)")
            case .undecided(let words): return .open("\(words) is not evaluated here")
            case .chainEnds: return .open("?. is not evaluated here")
            }
        }
    }
}
