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
        let label =
            kind == failingKind ? "FAILING" : kind == recoveredKind ? "RECOVERED" : "NOTICE"
        let subject = InertText.line("[\(label)] \(subject)", limit: 150)
        var model = JSONWriter()
        model.object { writer in
            writer.member("id", id)
            writer.member("kind", kind)
            writer.member("receiver", receiver)
            writer.member("message", words)
            writer.member("at", now.rfc3339)
        }
        return RenderedDigest(
            id: id, thread: thread, subject: subject,
            slack: slack(subject, words, color: color(kind)), text: words + "\n",
            html: """
                <!doctype html><html><head><meta charset="utf-8">\
                <meta name="viewport" content="width=device-width, initial-scale=1">\
                <meta name="color-scheme" content="light dark">\
                <title>\(InertText.html(subject))</title></head>\
                <body style="font:15px/1.5 sans-serif"><p style="overflow-wrap:anywhere">\
                \(InertText.html(words))</p></body></html>

                """,
            model: model.text, kind: kind, groupKey: thread, composedAt: now)
    }

    private static func color(_ kind: String) -> String {
        switch kind {
        case failingKind, pausedKind: "#b3261e"
        case recoveredKind: "#1a6b2f"
        default: "#b26a00"
        }
    }

    /// The subject within the 150 characters of a header; an escaped one may be five.
    private static func heading(_ subject: String) -> String {
        let whole = InertText.slack(subject)
        if whole.utf16.count <= 150 { return whole }
        return InertText.slack(subject.cut(to: 30, .scalars, mark: "…"))
    }

    /// The subject as header, then the words beside a colour bar.
    private static func slack(_ subject: String, _ words: String, color: String) -> String {
        let text = InertText.slack(words)
        var slack = JSONWriter()
        slack.object { w in
            w.member("text", text)
            w.member(array: "blocks") { w in
                w.object { w in
                    w.member("type", "header")
                    w.member(object: "text") { w in
                        w.member("type", "plain_text")
                        w.member("text", heading(subject))
                        w.member("emoji", false)
                    }
                }
            }
            w.member(array: "attachments") { w in
                w.object { w in
                    w.member("color", color)
                    w.member("fallback", text)
                    w.member(array: "blocks") { w in
                        w.object { w in
                            w.member("type", "section")
                            w.member(object: "text") { w in
                                w.member("type", "mrkdwn")
                                // Each character takes five at most; Slack allows 3,000.
                                let short = words.cut(to: 600, .scalars, mark: "…")
                                w.member("text", InertText.slack(short))
                                w.member("verbatim", true)
                            }
                        }
                    }
                }
            }
        }
        return slack.text
    }
}
