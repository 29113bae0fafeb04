import Core
import Events
import HTTPTypes
import JSON
import Server

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Converts CloudEvents 1.0 received over HTTP to log events.
///
/// In structured or batched mode the body follows the JSON event format, §3 and §4. In binary mode
/// the attributes are header fields (`ce-type`, …) and the body is the data (HTTP protocol binding,
/// §3.1). `type` becomes `event` and `time` becomes `ts`. A
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

    /// Whether the header fields contain a CloudEvent (binary mode).
    static func isBinary(_ headers: HTTPFields) -> Bool {
        headers.contains { $0.name.canonicalName == "ce-specversion" }
    }

    /// The event of a request in binary mode, as the JSON event format would contain it.
    ///
    /// Values of header fields are percent-encoded. Data that is neither JSON nor text is base64.
    ///
    /// - Throws: Why the data is no JSON, if its type is JSON.
    static func binary(_ headers: HTTPFields, _ body: [UInt8]) throws(JSONFault) -> JSONValue {
        var members: [JSONValue.Member] = []
        // Sorted, because the id is a hash: a proxy may change the order.
        for field in headers.sorted(by: { $0.name.canonicalName < $1.name.canonicalName }) {
            let name = field.name.canonicalName
            guard name.hasPrefix("ce-"), name.utf8.count > 3 else { continue }
            let key = String(name.dropFirst(3))
            guard !members.contains(where: { $0.key == key }), key != "data" else { continue }
            members.append(.init(key, .string(PercentCoding.decode(field.value) ?? field.value)))
        }
        let type = headers[.contentType] ?? ""
        if !type.isEmpty { members.append(.init("datacontenttype", .string(type))) }
        guard !body.isEmpty else { return .object(members) }
        let essence = type.prefix { $0 != ";" && $0 != " " }.lowercased()
        if essence.isEmpty || essence == "application/json" || essence.hasSuffix("+json") {
            let data = try JSONValue(
                parsing: body, limits: JSONLimits(maxBytes: body.count, maxDepth: 16))
            members.append(.init("data", data))
        } else if essence.hasPrefix("text/"), let text = String(validating: body, as: UTF8.self) {
            members.append(.init("data", .string(text)))
        } else {
            members.append(.init("data_base64", .string(Base64.encode(body))))
        }
        return .object(members)
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
        // Sorted: the modes order the attributes differently.
        var identity = JSONWriter()
        identity.value(.object(members.sorted { $0.key < $1.key }))
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
