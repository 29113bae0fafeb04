import Events
import JSON
import Server

/// CloudEvents 1.0 by HTTP in their structured and batched form (JSON event format §3 and §4).
///
/// `type` becomes `event`, `time` becomes `ts`, and a member of `data` that is called like a field of
/// ours becomes that field; `data` and the attributes are kept as they came. The id is made of the
/// whole event, so that one that is sent again is kept once, also without a `time`.
enum CloudEvents {
    /// An event, or why there is none.
    typealias Reading = Result<[UInt8], EventFault>

    /// Whether a body of this `Content-Type` holds CloudEvents.
    static func isForm(_ contentType: String?) -> Bool {
        let type = contentType?.prefix { $0 != ";" && $0 != " " }.lowercased()
        return type == "application/cloudevents+json"
            || type == "application/cloudevents-batch+json"
    }

    /// Fields that `data` may give. What names the sender and its sequence is the log's own.
    private static let lifted = [
        "level", "az", "namespace", "rollout", "revision", "concern", "attempt", "status",
        "deltas", "reasons", "message", "policy", "binary",
    ]

    /// A line for each event of a body, in order.
    static func lines(_ payload: JSONValue, _ now: Timestamp) -> [Reading] {
        guard case .array(let events) = payload else { return [line(payload, now)] }
        return events.map { line($0, now) }
    }

    private static func line(_ event: JSONValue, _ now: Timestamp) -> Reading {
        guard case .object(let members) = event else {
            return .failure(.json(JSONFault(.notAnObject, at: 0)))
        }
        guard let version = event["specversion"]?.string else {
            return .failure(.missing(field: "specversion"))
        }
        guard version.hasPrefix("1.") else {
            return .failure(
                .outside(field: "specversion", expected: "1.0", value: version.cut(to: 64)))
        }
        for name in ["id", "source", "type"] where event[name]?.string?.isEmpty ?? true {
            return .failure(.missing(field: name))
        }
        var identity = JSONWriter()
        identity.value(event)
        let data = event["data"]
        var writer = JSONWriter()
        writer.object { w in
            w.member("id", HookText.id("cloudevents", identity.text))
            w.member("ts", event["time"] ?? .string(now.rfc3339))
            w.member("event", event["type"] ?? .null)
            for name in lifted {
                if let value = data?[name] { w.member(name, value) }
            }
            if case .string(let text)? = data { w.member("message", text) }
            w.member(object: "cloudevent") { w in
                for member in members where member.key != "data" {
                    w.member(member.key, member.value)
                }
            }
            if let data { w.member("data", data) }
        }
        return .success(writer.bytes)
    }
}
