import Events
import HTTPTypes
import JSON
import Server

/// Flagger's webhook payload: `{"name", "namespace", "phase", "checksum", "metadata": {…}}`,
/// in newer versions with `type` and counters.
///
/// To Flagger a 2xx answer is a decision: to a `rollback` hook it means *roll
/// back now*, to a `confirm-…` hook *go on*. Older versions do not say which
/// kind of hook is calling. So 200 is given only where it is known to decide
/// nothing: the hook types `event`, `pre-rollout`, `rollout` and `post-rollout`,
/// by `type`, by `metadata.hook` where the payload has none, or by the members
/// that only event hooks carry. All others are refused with 409.
enum FlaggerHook {
    /// Where 2xx lets Flagger go on as it would have gone.
    private static let harmless: Set<String> = ["event", "pre-rollout", "rollout", "post-rollout"]

    /// `metadata.token`: for a sender that can set neither header nor path.
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
        let isWarning = HookText.at(metadata, "eventType") == "Warning"
        let (event, level) = meaning(of: phase)
        var words = HookText.at(metadata, "eventMessage", limit: HookText.message)
        if words == nil { words = "Flagger: \(kind) hook in phase \(phase)" }
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
        let namespace = HookText.at(payload, "namespace") ?? "default"
        var identity = JSONWriter()
        identity.value(.object(flagger))
        return [
            Event(
                id: HookText.id("flagger", namespace, name, identity.text),
                // When Flagger sent it stands in `flagger.metadata.timestamp`.
                ts: now,
                level: isWarning ? max(level, .warn) : level, event: event,
                namespace: namespace, rollout: name,
                revision: HookText.at(metadata, "revision") ?? HookText.at(payload, "buildId")
                    ?? checksum,
                message: words, extra: [.init("flagger", .object(flagger))])
        ]
    }

    private static func meaning(of phase: String) -> (event: String, level: Event.Level) {
        switch phase {
        case "Succeeded": (EventName.rolloutPromoted, .info)
        case "Failed": (EventName.rolloutAborted, .error)
        case "Waiting", "WaitingPromotion": (EventName.rolloutPaused, .info)
        default: ("rollout." + phase.lowercased(), .info)
        }
    }

    /// - Throws: 409 for a hook to which 2xx is, or may be, a decision.
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
