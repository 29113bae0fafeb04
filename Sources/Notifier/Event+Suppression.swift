import Digests
import Events
import JSON

extension Event {
    /// Creates the event of a digest that was held back.
    ///
    /// The id is derived from the digest and the cause, so the log keeps the event only once.
    init(_ suppression: Suppression, node: String, at now: Timestamp) {
        let digest = suppression.digest
        var extra = [JSONValue.Member("digest", .string(digest.id))]
        let by: String
        let message: String
        switch suppression.cause {
        case .silence(let silence, let until):
            by = silence.id
            extra.append(.init("silence", .string(silence.id)))
            extra.append(.init("until", .string(until.rfc3339)))
            extra.append(.init("who", .string(silence.who)))
            extra.append(.init("why", .string(silence.why)))
            message = "held back by silence \(silence.id) until \(until.rfc3339)"
        case .nodeFault(_, let place, let thread):
            by = thread
            extra.append(.init("fault_of", .string(place)))
            extra.append(.init("told_in", .string(thread)))
            message = "held back: it repeats the fault of \(place), which \(thread) reports"
        }
        extra.append(.init("kind", .string(digest.kind.rawValue)))
        extra.append(.init("events", .number("\(digest.events)")))
        let named = ["namespace", "rollout", "revision"]
        for field in digest.group.fields where !named.contains(field.name) {
            extra.append(.init("group_\(field.name)", .string(field.value)))
        }
        self.init(
            id: "suppressed-\(ContentHash.hex("\(digest.id)\0\(by)".utf8).prefix(24))", ts: now,
            event: EventName.digestSuppressed, node: node, namespace: digest.group["namespace"],
            rollout: digest.group["rollout"], revision: digest.group["revision"],
            message: message, extra: extra)
    }
}
