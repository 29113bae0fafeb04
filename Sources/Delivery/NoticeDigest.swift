import Core
import Events
import JSON
import Rendering
import Transfer

/// A one-sentence digest about delivery itself, in every form.
///
/// It does not use templates, so a broken template cannot prevent it.
enum NoticeDigest {
    /// The kinds of the notices about a receiver.
    static let failingKind = "receiver_failing"
    static let recoveredKind = "receiver_recovered"
    static let pausedKind = "receiver_paused"

    /// The thread of the notices about a receiver.
    static func thread(of receiver: String) -> String { "receiver-\(receiver)" }

    /// Reports a paused receiver through the other receivers.
    static func paused(
        _ receiver: String, words: String, _ policy: DeliveryPolicy, at now: Timestamp
    ) -> RenderedDigest {
        make(
            kind: pausedKind, id: "paused-\(IdentifierText.safe(receiver))-\(now.basic)",
            thread: thread(of: receiver),
            subject: "Bellwether: receiver \(receiver) refuses digests",
            words: "Receiver \(receiver) refuses every digest; its last words: \(words). "
                + "It is left alone for \(policy.pause.components.seconds / 60) minutes; what it "
                + "refused is kept. When it is corrected: \(policy.retryCommand)",
            receiver: receiver, at: now)
    }

    /// Reports through the other receivers that a receiver fails or is back.
    static func changed(_ change: ReceiverChange, at now: Timestamp) -> RenderedDigest {
        let name = change.receiver
        let state = if case .failing = change { "failing" } else { "recovered" }
        return make(
            kind: state == "failing" ? failingKind : recoveredKind,
            id: "\(state)-\(IdentifierText.safe(name))-\(now.basic)", thread: thread(of: name),
            subject: "Bellwether: receiver \(name) "
                + (state == "failing" ? "does not accept digests" : "accepts digests again"),
            words: change.words, receiver: name, at: now)
    }

    /// Reports a trouble of the node.
    static func own(
        kind: String, subject: String, words: String, at now: Timestamp
    ) -> RenderedDigest {
        make(
            kind: kind, id: "own-\(IdentifierText.safe(kind))-\(now.basic)", thread: "own-\(kind)",
            subject: subject, words: words, receiver: "", at: now)
    }

    private static func make(
        kind: String, id: String, thread: String, subject: String, words: String, receiver: String,
        at now: Timestamp
    ) -> RenderedDigest {
        let words = InertText.line(words, limit: 1000)
        var slack = JSONWriter()
        slack.object { $0.member("text", InertText.slack(words)) }
        var model = JSONWriter()
        model.object { writer in
            writer.member("id", id)
            writer.member("kind", kind)
            writer.member("receiver", receiver)
            writer.member("message", words)
            writer.member("at", now.rfc3339)
        }
        return RenderedDigest(
            id: id, thread: thread, subject: InertText.line("[NOTICE] " + subject, limit: 150),
            slack: slack.text,
            text: words + "\n",
            html: """
                <!doctype html><html><head><meta charset="utf-8"><title>Bellwether</title></head>\
                <body><p>\(InertText.html(words))</p></body></html>

                """,
            model: model.text, kind: kind, groupKey: thread, composedAt: now)
    }
}
