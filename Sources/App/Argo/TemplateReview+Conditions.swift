import Events
import Yams

extension TemplateReview {
    /// The phase of each verdict under a metric's conditions, and what is wrong with them.
    func conditions(
        of metric: Yams.Node, _ web: Yams.Node
    ) -> (phases: [(verdict: String, phase: ArgoRun.Phase?)], remarks: Remarks) {
        var remarks = Remarks()
        var texts: [String: String] = [:]
        for key in ["successCondition", "failureCondition"] {
            guard let node = metric[key] else { continue }
            let text = node.string ?? ""
            let tag = node.tag.description
            if tag.hasPrefix("!") {
                remarks.fault(
                    "\(key): YAML reads \(tag) as a tag and not as text; quote the condition")
            }
            if text.contains("{{") {
                remarks.warn("\(key) is \(text): not known before the run, so not reviewed")
                return (ArgoAnswer.statuses.map { ($0, nil) }, remarks)
            }
            texts[key] = text
        }
        let conditions = ArgoConditions(
            success: texts["successCondition"], failure: texts["failureCondition"])
        let path = web["jsonPath"]?.string
        if let path, path.contains("{{") {
            remarks.warn("jsonPath is \(path): not known before the run, so not reviewed")
            return (ArgoAnswer.statuses.map { ($0, nil) }, remarks)
        }
        if let path, !path.contains("{"), !path.isEmpty {
            remarks.fault(
                "jsonPath \(path) has no braces: Argo takes it as the text itself; write {\(path)}")
        }

        let dialects = argo.map { [$0.dialect] } ?? ArgoDialect.allCases
        let reviews = dialects.map { review(conditions, path, $0) }
        // What one version only does is said with the version.
        for (isFault, words) in reviews[0].remarks.all {
            let isCommon = reviews.allSatisfy { $0.remarks.all.contains { $0.words == words } }
            let text = isCommon ? words : "Argo before 1.10: \(words)"
            if isFault { remarks.fault(text) } else { remarks.warn(text) }
        }
        for (isFault, words) in reviews.dropFirst().flatMap(\.remarks.all)
        where !reviews[0].remarks.all.contains(where: { $0.words == words }) {
            let text = "Argo 1.10: \(words)"
            if isFault { remarks.fault(text) } else { remarks.warn(text) }
        }
        let phases = ArgoAnswer.statuses.indices.map { index in
            let found = Set(reviews.map { $0.outcomes[index].phase })
            return (
                ArgoAnswer.statuses[index],
                found.count == 1 ? reviews[0].outcomes[index].phase : nil
            )
        }
        return (phases, remarks)
    }

    private func review(
        _ conditions: ArgoConditions, _ path: String?, _ dialect: ArgoDialect
    ) -> (outcomes: [ArgoOutcome], remarks: Remarks) {
        var remarks = Remarks()
        var outcomes: [ArgoOutcome] = []
        var risks: Set<String> = []
        for status in ArgoAnswer.statuses {
            do throws(ArgoExpression.Stop) {
                let value = try ArgoAnswer.select(path, in: ArgoAnswer.document(status))
                let (outcome, more) = conditions.outcomeAndRisks(of: value, dialect)
                outcomes.append(outcome)
                risks.formUnion(more)
            } catch {
                switch error {
                case .error(let words): outcomes.append(.error(words))
                case .undecided(let words): outcomes.append(.undecided(words))
                case .chainEnds: outcomes.append(.undecided("?."))
                }
            }
        }
        if path == nil || path == "" || path == "{$}" {
            for words in members(conditions, dialect) {
                remarks.add(words)
            }
        }
        let rows = Array(zip(ArgoAnswer.statuses, outcomes))
        for words in Set(outcomes.compactMap(\.errorWords)).sorted() {
            let met = rows.filter { $0.1.errorWords == words }.map(\.0)
            remarks.fault(
                "\(met.count == outcomes.count ? "every answer" : met.joined(separator: ", ")) is an Error, and the fifth in a row aborts the rollout: \(words)"
            )
        }
        for words in Set(outcomes.compactMap(\.openWords)).sorted() {
            let met = rows.filter { $0.1.openWords == words }.map(\.0)
            remarks.warn(
                "not decided for \(met.joined(separator: ", ")): \(words); test it with Argo")
        }
        for risk in risks.sorted() {
            remarks.warn("\(risk), and the measurement is an Error then")
        }
        for (verdict, outcome) in rows { remarks.add(Self.judge(verdict, outcome)) }
        // A gateway answers one of four statuses; something in between may answer another.
        if !outcomes.contains(.phase(.successful)) { return (outcomes, remarks) }
        let other = try? ArgoAnswer.select(path, in: ArgoAnswer.document("other"))
        if let other, conditions.outcome(of: other, dialect) == .phase(.successful),
            outcomes[2] != .phase(.successful)
        {
            remarks.warn(
                "an answer with another status becomes Successful: name the statuses that pass")
        }
        return (outcomes, remarks)
    }

    /// Members that no answer has, or that only some probes add.
    private func members(_ conditions: ArgoConditions, _ dialect: ArgoDialect) -> [Remarks] {
        var found: [Remarks] = []
        var seen: Set<String> = []
        for text in [conditions.success, conditions.failure] where !text.isEmpty {
            guard let expression = try? ArgoExpression(text, dialect) else { continue }
            for path in expression.paths.sorted(by: { $0.joined() < $1.joined() })
            where !ArgoAnswer.members.contains(path[0]) && seen.insert(path[0]).inserted {
                var remarks = Remarks()
                let near = Suggestion.nearest(to: path[0], among: ArgoAnswer.members.sorted())
                let hint = near.map { "; did you mean result.\($0)?" } ?? ""
                if path.count == 1 {
                    remarks.fault(
                        "no answer contains result.\(path[0]), so it is nil and `!=` is always true\(hint)"
                    )
                } else {
                    remarks.warn(
                        "result.\(path[0]) is in the answer only if a probe measures \(path.joined(separator: "."))\(hint)"
                    )
                }
                found.append(remarks)
            }
        }
        return found
    }

    private static func judge(_ verdict: String, _ outcome: ArgoOutcome) -> Remarks {
        var remarks = Remarks()
        guard case .phase(let phase) = outcome else { return remarks }
        switch (verdict, phase) {
        case ("healthy", _) where phase != .successful:
            remarks.fault("healthy becomes \(phase.rawValue): no canary would ever be promoted")
        case ("unhealthy", _) where phase != .failed:
            remarks.fault("unhealthy becomes \(phase.rawValue): a failing canary continues")
        case ("unknown", .successful):
            remarks.fault(
                "unknown becomes Successful: an outage of monitoring promotes the canary")
        case ("unknown", .failed):
            remarks.warn("unknown becomes Failed: an outage of monitoring rolls back")
        case ("degraded", .failed):
            remarks.warn("degraded becomes Failed: a warning rolls back")
        default: break
        }
        return remarks
    }
}

extension ArgoOutcome {
    fileprivate var errorWords: String? { if case .error(let words) = self { words } else { nil } }
    fileprivate var openWords: String? {
        if case .undecided(let words) = self { words } else { nil }
    }
}
