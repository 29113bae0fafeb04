import Digests
public import Events
import JSON

/// Silences as JSON, for `GET /v1/silences` and `silence list --json`.
public enum SilenceDocument {
    public static func list(_ entries: [SilenceBook.Entry], at now: Timestamp) -> [UInt8] {
        var json = JSONWriter(capacity: 1024)
        json.object { json in
            json.member(array: "silences") { json in
                for entry in entries {
                    json.object { json in
                        json.member("id", entry.silence.id)
                        json.member(array: "matchers") { json in
                            for condition in entry.silence.filter.conjuncts {
                                json.value(condition.description)
                            }
                        }
                        json.member("filter", entry.silence.filter.description)
                        json.member("from", entry.from.rfc3339)
                        json.member("until", entry.until.rfc3339)
                        json.member("active", entry.isActive(at: now))
                        json.member("who", entry.silence.who)
                        json.member("why", entry.silence.why)
                        json.member("held", entry.held)
                    }
                }
            }
        }
        return json.bytes
    }
}
