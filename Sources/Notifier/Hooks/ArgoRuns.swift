import JSON

/// The analysis runs in a notification of Argo about a Rollout.
struct ArgoRuns {
    struct Run {
        let name: String
        /// In lower case: `failed`, `inconclusive`, …; empty if it is not sent.
        let phase: String
        let message: String?
        /// `Background`, `Step`, `PrePromotion` or `PostPromotion`; nil if it is not sent.
        let kind: String?
        /// The step that created it; nil for other kinds.
        let step: String?
    }

    /// The most runs that are read.
    private static let most = 20

    /// Newest first in `analysisRuns`; Argo before 1.8.1 sends only those in the status.
    let all: [Run]

    init(_ rollout: JSONValue) {
        if case .array(let runs)? = rollout["analysisRuns"] {
            all = runs.prefix(Self.most).compactMap { run in
                guard
                    let name = HookText.at(run, "name") ?? HookText.at(run, "metadata", "name")
                else { return nil }
                let labels = run["labels"] ?? run["metadata"]?["labels"]
                return Run(
                    name: name, phase: HookText.at(run, "status", "phase")?.lowercased() ?? "",
                    message: HookText.at(run, "status", "message", limit: HookText.message),
                    kind: HookText.at(labels, "rollout-type"),
                    step: HookText.at(labels, "step-index"))
            }
            return
        }
        let status = rollout["status"]
        let places: [(object: String, member: String, kind: String)] = [
            ("canary", "currentStepAnalysisRunStatus", "Step"),
            ("canary", "currentBackgroundAnalysisRunStatus", "Background"),
            ("blueGreen", "prePromotionAnalysisRunStatus", "PrePromotion"),
            ("blueGreen", "postPromotionAnalysisRunStatus", "PostPromotion"),
        ]
        all = places.compactMap { place in
            guard let run = status?[place.object]?[place.member],
                let name = HookText.at(run, "name")
            else { return nil }
            return Run(
                name: name, phase: HookText.at(run, "status")?.lowercased() ?? "",
                message: HookText.at(run, "message", limit: HookText.message), kind: place.kind,
                step: nil)
        }
    }

    /// The run that a trigger such as `on-analysis-run-failed` is about: the newest of its
    /// phase, else the only unfinished one. Nil if the choice is ambiguous.
    func run(of trigger: String) -> Run? {
        let wanted = trigger.split(separator: "-").last.map(String.init) ?? ""
        if let exact = all.first(where: { $0.phase == wanted }) { return exact }
        let open = all.filter { ["", "pending", "running"].contains($0.phase) }
        return open.count == 1 ? open.first : nil
    }

    /// Why the newest run of a kind failed; nil if none did. A failed run before it is that of a
    /// rollout that was tried again, and no reason for an abort after that.
    var failure: String? {
        var seen: Set<String> = []
        let newest = all.filter { run in run.kind.map { seen.insert($0).inserted } ?? true }
        let failed = newest.first { $0.phase == "failed" || $0.phase == "error" }
        return failed.map { "analysis run \($0.name) \($0.phase)" + Self.suffix($0.message) }
    }

    /// Why a run waits for a decision: the newest run of its kind is inconclusive. A run of an
    /// earlier step is over.
    func inconclusive(atStep step: String?) -> String? {
        var seen: Set<String> = []
        for run in all where seen.insert(run.kind ?? "").inserted {
            let isCurrent = run.step == nil || step == nil || run.step == step
            guard run.phase == "inconclusive", isCurrent else { continue }
            return "analysis run \(run.name) is inconclusive" + Self.suffix(run.message)
        }
        return nil
    }

    private static func suffix(_ message: String?) -> String { message.map { ": \($0)" } ?? "" }
}

/// Whether a pause of a Rollout is part of its plan.
enum ArgoPause {
    /// A pause step with a duration; the duration as written, if it is known.
    case planned(String?)
    /// It ends only by a person; why, if it is known.
    case person(String?)

    /// Reasons of pause conditions that the Rollout's own steps cause.
    private static let ofSteps: Set<String> = ["CanaryPauseStep", "BlueGreenPause"]

    init(_ rollout: JSONValue, _ runs: ArgoRuns) {
        if let why = runs.inconclusive(atStep: HookText.at(rollout, "status", "currentStepIndex")) {
            self = .person(why)
            return
        }
        if let pause = rollout["step"]?["pause"], case .object = pause {
            let span = HookText.at(pause, "duration")
            self =
                span.map { .planned(Self.isNumber($0) ? $0 + " s" : $0) }
                ?? .person("a pause step without a duration")
            return
        }
        if let seconds = HookText.at(rollout, "blueGreen", "autoPromotionSeconds") {
            self = .planned("\(seconds) s")
            return
        }
        // Payloads of earlier versions of the template have no step.
        let reasons = Self.conditions(rollout["status"])
        if rollout["step"] == nil, !reasons.isEmpty, Self.ofSteps.isSuperset(of: reasons) {
            self = .planned(nil)
        } else {
            self = .person(reasons.isEmpty ? nil : reasons.joined(separator: ", "))
        }
    }

    private static func isNumber(_ text: String) -> Bool { text.utf8.allSatisfy { 48...57 ~= $0 } }

    private static func conditions(_ status: JSONValue?) -> [String] {
        guard case .array(let conditions) = status?["pauseConditions"] else { return [] }
        return conditions.prefix(8).compactMap { HookText.at($0, "reason") }
    }
}
