import Core
import Events
import JSON
import Server

/// Converts CloudEvents 1.0 received over HTTP in structured or batched mode to log events.
///
/// Follows the JSON event format, §3 and §4. `type` becomes `event` and `time` becomes `ts`. A
/// member of `data` that is named in `lifted` becomes that event field. `data` and the attributes
/// are also stored unchanged. The id is a hash of the whole event, so a resent event is stored once
/// even when it has no `time`.
enum CloudEvents {
    /// A log line, or the reason why the event is rejected.
    typealias Reading = Result<[UInt8], EventFault>

    /// Whether a body with this `Content-Type` contains CloudEvents.
    static func isForm(_ contentType: String?) -> Bool {
        let type = contentType?.prefix { $0 != ";" && $0 != " " }.lowercased()
        return type == "application/cloudevents+json"
            || type == "application/cloudevents-batch+json"
    }

    /// Event fields that `data` may set. Fields that identify the sending node and its sequence are
    /// excluded.
    private static let lifted = [
        "level", "az", "namespace", "rollout", "revision", "concern", "attempt", "status",
        "deltas", "reasons", "message", "policy", "binary",
    ]

    /// One result per event of the body, in order.
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
                .outside(field: "specversion", expected: "1.0", value: version.cut(to: 64, .utf8)))
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
