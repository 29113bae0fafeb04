public import JSON

extension Event {
    /// The event as one line of JSON, without a newline. Absent fields are omitted.
    public var line: [UInt8] {
        var writer = JSONWriter(capacity: 640)
        writer.object { w in
            w.member("v", 1)
            if !id.isEmpty { w.member("id", id) }
            w.member("ts", ts.rfc3339)
            w.member("level", level.rawValue)
            w.member("event", event)
            w.present("node", node)
            w.present("az", az)
            w.present("epoch", epoch)
            if let seq {
                w.key("seq")
                w.value(seq)
            }
            w.present("namespace", namespace)
            w.present("rollout", rollout)
            w.present("revision", revision)
            w.present("concern", concern)
            if let attempt { w.member("attempt", attempt) }
            w.present("status", status?.rawValue)
            if !deltas.isEmpty {
                w.member(array: "deltas") { w in for delta in deltas { delta.write(to: &w) } }
            }
            if !reasons.isEmpty {
                w.member(array: "reasons") { w in for reason in reasons { reason.write(to: &w) } }
            }
            w.present("message", message)
            w.present("policy", policy)
            w.present("binary", binary)
            for member in extra { w.member(member.key, member.value) }
        }
        return writer.bytes
    }
}

extension JSONWriter {
    fileprivate mutating func present(_ key: String, _ text: String?) {
        if let text { member(key, text) }
    }
}

extension MetricDelta {
    func write(to w: inout JSONWriter) {
        w.object { w in
            w.member("metric", metric)
            w.member("value", value)
            w.member("previous", previous)
            w.member("stable", stable)
            w.member("limit", limit)
            w.member("unit", unit.rawValue)
            w.member("state", state.rawValue)
        }
    }
}

extension Reason {
    /// Writes the reason in the form of the verdict document and the event.
    public func write(to w: inout JSONWriter) {
        w.object { w in
            w.member("check", check)
            w.member("state", state.rawValue)
            w.member("value", value)
            w.member("limit", limit)
            w.member("stable", stable)
            w.member("previous", previous)
            if let unit { w.member("unit", unit.rawValue) }
            if let unproven {
                w.member(object: "unproven") { w in
                    w.member("limit", unproven.limit)
                    w.member("bound", unproven.bound)
                    w.member("confidence", unproven.confidence)
                }
            }
            w.member("why", why)
            if !detail.isEmpty { w.member("detail", detail) }
            if advisory { w.member("advisory", true) }
        }
    }
}
