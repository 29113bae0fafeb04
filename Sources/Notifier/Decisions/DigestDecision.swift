import Core
import Digests
import Events
import JSON
import Rendering
import State

/// What one commit of the digest service decided: the digests that it composed, and the states of
/// the groups that this changed.
///
/// Its lines have the members `commit`, `part` and `parts`; only a decision whose lines are all
/// there counts.
struct DigestDecision {
    /// A digest with its addressees.
    struct Message {
        let digest: DigestTable.Row
        let addressees: [Addressee]
        /// Ids of undelivered digests that it replaces.
        let replaced: [String]
    }

    var messages: [Message] = []
    /// The stored states by key.
    var states: [(key: String, state: String)] = []
    /// The digest service's durable cursor after the commit.
    let position: LogPosition
    /// When the commit stored it.
    let moment: Timestamp
    /// The ids of the silences that held a message back.
    var held: [String] = []

    var isEmpty: Bool { messages.isEmpty && states.isEmpty && held.isEmpty }

    // MARK: - Writing

    /// The lines of the decision.
    func events(commit: UInt64 = .random(in: 1 ... .max)) -> [Event] {
        if isEmpty { return [] }
        var events: [Event] = []
        for message in messages { events += Self.events(message) }
        events += stateEvents
        let name = String(commit, radix: 36)
        for index in events.indices {
            events[index].extra += [
                .init("commit", .string(name)), .init("part", .number("\(index + 1)")),
                .init("parts", .number("\(events.count)")),
            ]
        }
        return events
    }

    private static func events(_ message: Message) -> [Event] {
        let digest = message.digest
        var texts = DecisionTexts()
        texts.add("model", digest.model)
        texts.add("text", digest.text)
        texts.add("html", digest.html)
        texts.add("slack", digest.slack)
        texts.add("slack_reply", digest.slackReply)
        texts.add("group", digest.group)
        var json = JSONWriter()
        json.array { w in
            for addressee in message.addressees {
                w.object { w in
                    w.member("receiver", addressee.receiver)
                    w.member("recipient", addressee.recipient)
                }
            }
        }
        texts.add("addressees", json.text)
        texts.add("replaces", message.replaced.joined(separator: "\n"))
        let receivers = Set(message.addressees.map(\.receiver)).sorted()
        var head = Event(
            ts: digest.composed, event: EventName.digestComposed,
            message: "digest \(digest.id) for "
                + (receivers.isEmpty ? "no receiver" : receivers.joined(separator: ", "))
                .cut(to: 400, .utf8) + ": \(digest.subject)",
            extra: [
                .init("digest", .string(digest.id)), .init("thread", .string(digest.thread)),
                .init("kind", .string(digest.kind)), .init("subject", .string(digest.subject)),
            ])
        let group = try? JSONValue(parsing: Array(digest.group.utf8), limits: .event)
        head.namespace = group?["namespace"]?.string
        head.rollout = group?["rollout"]?.string
        head.revision = group?["revision"]?.string
        return lines(of: texts, after: head)
    }

    private var stateEvents: [Event] {
        var texts = DecisionTexts()
        for (key, state) in states { texts.add(key, state) }
        let count = max(0, states.count - 1)
        return Self.lines(
            of: texts,
            after: Event(
                ts: moment, level: .debug, event: EventName.digestState,
                message:
                    "the digests of \(count) \(count == 1 ? "group" : "groups") continue from here",
                extra: [
                    .init("position", .string(position.description)),
                    .init("silences", .array(held.map { .string($0) })),
                ]))
    }

    /// `head` with the first texts, and a line for each further part.
    private static func lines(of texts: DecisionTexts, after head: Event) -> [Event] {
        texts.lines.enumerated().map { index, values in
            var event = head
            if index > 0 {
                event = Event(
                    ts: head.ts, level: .debug, event: EventName.digestPart,
                    message: "continues the line before it",
                    extra: head.extra.filter { $0.key == "digest" })
            }
            event.extra.append(.init("texts", values))
            return event
        }
    }

    // MARK: - Reading

    /// Collects the lines of decisions in the log's order.
    struct Reading {
        private var commit = ""
        private var events: [Event] = []
        /// Whether lines of a decision are still missing.
        var isOpen: Bool { !events.isEmpty }

        /// Adds a line; returns the decision that it completes.
        mutating func add(_ event: Event) -> DigestDecision? {
            guard let name = event.extra("commit")?.string,
                let part = event.extra("part")?.integer, let parts = event.extra("parts")?.integer
            else { return nil }
            if part == 1 || name != commit { (commit, events) = (name, []) }
            // A decision without its first lines, which the log removed, does not count.
            guard part == Int64(events.count) + 1 else { return nil }
            events.append(event)
            guard part == parts else { return nil }
            defer { events = [] }
            return DigestDecision(events)
        }
    }

    private init?(_ events: [Event]) {
        guard let last = events.last(where: { $0.event == EventName.digestState }),
            let position = last.extra("position")?.string.flatMap({ LogPosition($0) })
        else { return nil }
        self.position = position
        moment = last.ts
        var head: Event?
        var texts = DecisionTexts()
        for event in events {
            if event.event != EventName.digestPart {
                if let head, let message = Message(head, texts) { messages.append(message) }
                (head, texts) = (event, DecisionTexts())
            }
            texts.add(event)
        }
        states = texts.all.map { ($0.name, $0.text) }
        if case .array(let ids)? = last.extra("silences") { held = ids.compactMap(\.string) }
    }

    init(position: LogPosition, at moment: Timestamp) {
        (self.position, self.moment) = (position, moment)
    }
}

extension DigestDecision.Message {
    /// Nil if `head` is no digest.
    fileprivate init?(_ head: Event, _ texts: DecisionTexts) {
        guard head.event == EventName.digestComposed, let id = head.extra("digest")?.string,
            let model = texts["model"], let text = texts["text"], let html = texts["html"],
            let slack = texts["slack"], let listed = texts["addressees"],
            case .array(let addressees)? = try? JSONValue(
                parsing: Array(listed.utf8), limits: JSONLimits(maxBytes: 8 << 20, maxDepth: 4))
        else { return nil }
        digest = DigestTable.Row(
            id: id, thread: head.extra("thread")?.string ?? "",
            subject: head.extra("subject")?.string ?? "", kind: head.extra("kind")?.string ?? "",
            group: texts["group"] ?? "", composed: head.ts, model: model, text: text, html: html,
            slack: slack, slackReply: texts["slack_reply"] ?? "")
        self.addressees = addressees.compactMap { tree in
            tree["receiver"]?.string.map {
                Addressee(receiver: $0, recipient: tree["recipient"]?.string ?? "")
            }
        }
        replaced = (texts["replaces"] ?? "").split(separator: "\n").map(String.init)
    }
}
