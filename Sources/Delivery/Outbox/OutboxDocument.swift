import Events
import JSON
public import State

/// Deliveries as JSON, for `outbox list --json` and `GET /v1/outbox`.
public enum OutboxDocument {
    public static func list(_ entries: [OutboxEntry]) -> [UInt8] {
        var writer = JSONWriter(capacity: 4096)
        writer.array { w in
            for entry in entries {
                w.object { w in
                    w.member("id", Int(entry.id))
                    w.member("state", entry.state.rawValue)
                    w.member("tries", entry.tries)
                    w.member("receiver", entry.addressee.receiver)
                    w.member("recipient", entry.addressee.recipient)
                    w.member("digest", entry.digest)
                    w.member("subject", entry.subject)
                    w.member("created", entry.created.rfc3339)
                    w.member("due", entry.due.rfc3339)
                    w.member("settled", entry.settled?.rfc3339)
                    w.member("answer", entry.answer)
                }
            }
        }
        return writer.bytes
    }
}
