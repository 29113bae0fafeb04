import Events
import HTTPTypes
import JSON
import Server

/// Converts Flagger's webhook payload to an event.
///
/// The payload is `{"name", "namespace", "phase", "checksum", "metadata": {…}}`; newer versions add
/// `type` and counters.
///
/// Flagger treats a 2xx answer as a decision: for a `rollback` hook it means *roll back now*, for a
/// `confirm-…` hook *continue*. Older versions do not send the hook's type. So 200 is answered only
/// to hooks on which it decides nothing: the types `event`, `pre-rollout`, `rollout` and
/// `post-rollout`. The type is `type`, else `metadata.hook`; a payload with neither is of type
/// `event` if it has the members that only event hooks have. Other hooks are refused with 409.
enum FlaggerHook {
    /// The hook types for which a 2xx answer does not change what Flagger does.
    private static let harmless: Set<String> = ["event", "pre-rollout", "rollout", "post-rollout"]

    /// `metadata.token`, for senders that can set neither a header nor a path.
    static func token(of payload: JSONValue) -> String? {
        HookText.at(payload, "metadata", "token", limit: 512)
    }

    static func events(_ payload: JSONValue, _ now: Timestamp) throws(Problem) -> [Event] {
        guard let name = HookText.at(payload, "name"), let phase = HookText.at(payload, "phase")
        else {
            throw .malformed(
                "payload_malformed", "a Flagger payload has a name and a phase", field: "name")
        }
        let kind = try kind(of: payload)
        let metadata = payload["metadata"]
        let checksum = HookText.at(payload, "checksum")
        // Kubernetes knows Normal and Warning; any other type is not taken for normal.
        let type = HookText.at(metadata, "eventType")?.lowercased() ?? "normal"
        let (event, level) = meaning(of: phase)
        var words =
            HookText.at(metadata, "eventMessage", limit: HookText.message)
            ?? "Flagger: \(kind) hook in phase \(phase)"
        if !phases.contains(phase.lowercased()) {
            words += " (the phase \"\(phase)\" is not one of Flagger's)"
        }
        var flagger: [JSONValue.Member] = [
            .init("phase", .string(phase)), .init("hook", .string(kind)),
        ]
        if let checksum { flagger.append(.init("checksum", .string(checksum))) }
        for counter in ["failedChecks", "canaryWeight", "iterations"] {
            if let text = try HookText.count(payload, counter) {
                flagger.append(.init(counter, .string(text)))
            }
        }
        let labels = HookText.labels(metadata, except: ["token"])
        flagger.append(.init("metadata", labels))
        var extra: [JSONValue.Member] = [.init("flagger", .object(flagger))]
        extra += HookText.leftOut(metadata, except: ["token"], as: "metadata_left_out")
        if let text = HookText.at(payload, "canaryWeight"), let share = Int(text), share <= 100 {
            extra.append(.init("weight", .string(text)))
        }
        let namespace = HookText.at(payload, "namespace") ?? "default"
        var identity = JSONWriter()
        identity.value(.object(flagger))
        return [
            Event(
                id: HookText.id("flagger", namespace, name, identity.text),
                // Flagger's own send time is in `flagger.metadata.timestamp`.
                ts: now,
                level: type == "normal" ? level : max(level, .warn), event: event,
                namespace: namespace, rollout: name,
                revision: HookText.at(metadata, "revision") ?? HookText.at(payload, "buildId")
                    ?? checksum,
                message: words, extra: extra)
        ]
    }

    /// The phases of a Canary (`flagger.app/v1beta1`), in lower case.
    private static let phases: Set<String> = [
        "initializing", "initialized", "waiting", "progressing", "waitingpromotion", "promoting",
        "finalising", "succeeded", "failed", "terminating", "terminated",
    ]

    private static func meaning(of phase: String) -> (event: String, level: Event.Level) {
        let word = phase.lowercased()
        return switch word {
        case "succeeded": (EventName.rolloutPromoted, .info)
        case "failed": (EventName.rolloutAborted, .error)
        case "waiting", "waitingpromotion": (EventName.rolloutPaused, .info)
        // What is not understood may be a failure.
        default: ("rollout.\(word)", phases.contains(word) ? .info : .warn)
        }
    }

    /// - Throws: 409 for a hook for which 2xx is, or may be, a decision.
    private static func kind(of payload: JSONValue) throws(Problem) -> String {
        let metadata = payload["metadata"]
        let isEvent =
            HookText.at(metadata, "eventType") != nil
            && HookText.at(metadata, "eventMessage") != nil
        let said = HookText.at(payload, "type") ?? HookText.at(metadata, "hook")
        guard let kind = said ?? (isEvent ? "event" : nil) else {
            throw Problem(
                .conflict, "hook_type_unknown",
                "the payload does not say which type of hook calls, and to a rollback hook 2xx means: "
                    + "roll back; use the hook type event, or name the type in metadata.hook",
                field: "metadata.hook")
        }
        guard harmless.contains(kind) else {
            throw Problem(
                .conflict, "hook_decides",
                "this address takes notes and decides nothing: to a hook of this type 2xx is a decision; "
                    + "use the types \(harmless.sorted().joined(separator: ", "))",
                field: "type")
        }
        return kind
    }
}
