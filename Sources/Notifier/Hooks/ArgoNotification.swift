import Core
import Events
import JSON
import Server

/// Converts the payload that `templates/argo/notifications.yaml` configures Argo Rollouts to send.
///
/// The payload is `{"trigger": "on-…", "object": {"metadata": …, "status": …}}`. The object is all
/// or part of a Rollout or, for the same trigger, of an AnalysisRun. Argo sends a Rollout as it was
/// before its status was written: only its revision, the current step of its plan (`step`), the
/// weight of the plan up to there (`weight`) and its analysis runs (`analysisRuns`, newest first) are
/// true.
enum ArgoNotification {
    /// The event, level and message of a trigger.
    private struct Kind {
        let event: String
        let level: Event.Level
        let words: String
    }

    private static let rollouts: [String: Kind] = [
        "on-rollout-aborted": Kind(
            event: EventName.rolloutAborted, level: .error, words: "Argo aborted the rollout"),
        "on-rollout-completed": Kind(
            event: EventName.rolloutCompleted, level: .info, words: "the rollout is complete"),
        "on-rollout-paused": Kind(
            event: EventName.rolloutPaused, level: .info, words: "the rollout is paused"),
        "on-rollout-resumed": Kind(
            event: EventName.rolloutResumed, level: .info, words: "the rollout goes on"),
        "on-rollout-updated": Kind(
            event: EventName.rolloutUpdated, level: .info, words: "a new revision is rolled out"),
        // Argo has no such trigger; a person's own notification may have.
        "on-rollout-retried": Kind(
            event: EventName.rolloutRetried, level: .info, words: "the rollout is tried again"),
        "on-rollout-step-completed": Kind(
            event: EventName.rolloutStepCompleted, level: .info, words: "a step is complete"),
    ]

    private static let runs: [String: Kind] = [
        "on-analysis-run-running": Kind(
            event: EventName.analysisRunRunning, level: .info, words: "the analysis runs"),
        "on-analysis-run-successful": Kind(
            event: EventName.analysisRunSuccessful, level: .info, words: "the analysis succeeded"),
        "on-analysis-run-failed": Kind(
            event: EventName.analysisRunFailed, level: .error, words: "the analysis failed"),
        "on-analysis-run-error": Kind(
            event: EventName.analysisRunError, level: .error,
            words: "the analysis could not measure"),
        "on-analysis-run-inconclusive": Kind(
            event: EventName.analysisRunInconclusive, level: .warn,
            words: "the analysis is inconclusive"),
    ]

    private static var known: [String] { (Array(rollouts.keys) + Array(runs.keys)).sorted() }

    static func events(_ payload: JSONValue, _ now: Timestamp) throws(Problem) -> [Event] {
        guard let trigger = HookText.at(payload, "trigger") else {
            throw .malformed(
                "trigger_missing",
                "the payload must name its trigger, as templates/argo/notifications.yaml does",
                field: "trigger")
        }
        guard let object = payload["object"], let name = HookText.at(object, "metadata", "name")
        else {
            throw .malformed(
                "object_missing", "the payload must hold the object with its metadata.name",
                field: "object")
        }
        if let kind = runs[trigger] { return [try run(kind, trigger, object, name, now)] }
        guard let kind = rollouts[trigger] else {
            throw .malformed(
                "trigger_unknown",
                "the trigger must be one of \(known.joined(separator: ", ")), not \(InertText.quoted(trigger))",
                field: "trigger")
        }
        return [try rollout(kind, trigger, object, name, now)]
    }

    // MARK: - Rollouts

    private static func rollout(
        _ kind: Kind, _ trigger: String, _ object: JSONValue, _ rollout: String, _ now: Timestamp
    ) throws(Problem) -> Event {
        let runs = ArgoRuns(object)
        var name = kind.event
        var level = kind.level
        var words = kind.words
        var reason: String?
        switch name {
        case EventName.rolloutPaused:
            switch ArgoPause(object, runs) {
            // A planned pause is routine. Any other one waits for a person.
            case .planned(let span):
                name = EventName.rolloutStepPaused
                words = "the rollout pauses as planned" + (span.map { " for \($0)" } ?? "")
            case .person(let why):
                level = .warn
                words = "the rollout waits for a person"
                reason = why
            }
        case EventName.rolloutAborted: reason = runs.failure
        default: break
        }
        var event = try event(name, level, trigger, object, rollout, now)
        if let reason {
            words += ": " + reason
            event.extra.append(.init("reason", .string(reason)))
        }
        event.message = words
        event.id = HookText.id(
            name, event.namespace, rollout, HookText.at(object, "metadata", "uid"),
            event.revision, HookText.at(object, "status", "currentStepIndex"),
            // Distinguishes an abort after a retry from the first one.
            HookText.at(object, "metadata", "resourceVersion"))
        return event
    }

    // MARK: - Analysis runs

    /// Argo sends these twice, with the Rollout and with the AnalysisRun as the object. Both
    /// contain the run's name, so both events get the same id.
    private static func run(
        _ kind: Kind, _ trigger: String, _ object: JSONValue, _ name: String, _ now: Timestamp
    ) throws(Problem) -> Event {
        let owner = owner(of: object)
        let rollout = owner ?? name
        let seen = owner == nil ? ArgoRuns(object).run(of: trigger) : nil
        let run = owner == nil ? seen?.name : name
        var event = try event(kind.event, kind.level, trigger, object, rollout, now)
        let message =
            owner == nil
            ? seen?.message
            : HookText.at(object, "run", "message", limit: HookText.message)
                ?? HookText.at(object, "status", "message", limit: HookText.message)
        event.message = kind.words + (message.map { ": " + $0 } ?? "")
        if let run { event.extra.append(.init("run", .string(run))) }
        event.id = HookText.id(
            kind.event, event.namespace, rollout, run,
            run == nil ? event.revision : nil,
            run == nil ? HookText.at(object, "metadata", "resourceVersion") : nil)
        return event
    }

    /// The Rollout that owns an AnalysisRun; nil if the object is a Rollout.
    private static func owner(of object: JSONValue) -> String? {
        guard case .array(let owners) = object["metadata"]?["ownerReferences"] else { return nil }
        let rollout = owners.first { HookText.at($0, "kind") == "Rollout" }
        return rollout.flatMap { HookText.at($0, "name") }
    }

    // MARK: - Both

    private static let revisionKey = "rollout.argoproj.io/revision"

    private static func event(
        _ name: String, _ level: Event.Level, _ trigger: String, _ object: JSONValue,
        _ rollout: String, _ now: Timestamp
    ) throws(Problem) -> Event {
        let metadata = object["metadata"]
        var extra: [JSONValue.Member] = [.init("trigger", .string(trigger))]
        let step = try HookText.count(object["status"], "currentStepIndex", in: "object.status.")
        // The status is that of the revision before.
        if let step, name != EventName.rolloutUpdated {
            extra.append(.init("step", .string(step)))
        }
        extra += context(object, hasWeight: !outsideSteps.contains(name))
        let phase = HookText.at(object, "run", "phase") ?? HookText.at(object, "status", "phase")
        if let phase {
            extra.append(.init("phase", .string(phase)))
        }
        let hash =
            HookText.at(object, "status", "currentPodHash")
            ?? HookText.at(metadata, "labels", "rollouts-pod-template-hash")
        if let hash { extra.append(.init("canaryHash", .string(hash))) }
        return Event(
            ts: now, level: level, event: name,
            namespace: HookText.at(metadata, "namespace") ?? "default", rollout: rollout,
            revision: annotation(revisionKey, of: object), extra: extra)
    }

    /// Payloads of earlier versions of the template have the revision in a member of its own.
    private static func annotation(_ key: String, of object: JSONValue) -> String? {
        HookText.at(object, "annotations", key) ?? HookText.at(object, "revision", key)
            ?? HookText.at(object["metadata"], "annotations", key)
    }

    /// The events at which the plan's weight is not the canary's: of a new revision, and of one that
    /// has all traffic.
    private static let outsideSteps: Set<String> = [
        EventName.rolloutUpdated, EventName.rolloutCompleted,
    ]

    /// The facts for people: who owns the rollout, its image and its traffic.
    private static func context(_ object: JSONValue, hasWeight: Bool) -> [JSONValue.Member] {
        var extra: [JSONValue.Member] = []
        for (name, key) in [("owner", "bellwether/owner"), ("on_call", "bellwether/on-call")] {
            if let value = annotation(key, of: object) { extra.append(.init(name, .string(value))) }
        }
        let containers = object["spec"]?["template"]?["spec"]?["containers"]
        if let image = HookText.at(object, "container", "image")
            ?? HookText.at(containers?[0], "image")
        {
            extra.append(.init("image", .string(image)))
        }
        if hasWeight, let share = share(object) {
            extra.append(.init("weight", .number(String(share))))
        }
        return extra
    }

    /// The canary's share of the traffic in per cent; nil if it is not sent or out of range.
    private static func share(_ object: JSONValue) -> Int64? {
        let weight =
            object["weight"]?["setWeight"] ?? object["weight"]?["weight"]
            ?? object["status"]?["canary"]?["weights"]?["canary"]?["weight"]
        // The weight that is all traffic, if it is not 100.
        let all = object["routing"]?["maxTrafficWeight"]?.integer ?? 100
        guard let weight = weight?.integer, all > 0, (0...all).contains(weight) else { return nil }
        return min(100, (weight *| 100) / all)
    }
}
