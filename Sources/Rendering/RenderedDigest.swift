public import Events

/// One digest in every form that a receiver may want, composed once.
///
/// The bytes belong to `id`: the same digest renders to the same value, so a
/// re-send carries exactly what was sent before.
public struct RenderedDigest: Sendable, Equatable {
    /// Names these bytes: the digest's id.
    public let id: String
    /// Names the incident; every digest of one incident carries the same.
    public let thread: String
    /// One line, free of control characters, the same for the whole incident.
    public let subject: String
    /// JSON payload for a Slack incoming webhook: `text` and `blocks`, within
    /// every limit that Slack documents.
    public let slack: String
    /// Plain text for people, UTF-8, lines end in `\n`.
    public let text: String
    /// One whole HTML document without remote content.
    public let html: String
    /// The digest itself as a JSON object, for webhooks and archives.
    public let model: String
    /// `failing`, `recovered`, … as the digest room names it.
    public let kind: String
    /// Names the group: stable over its incidents.
    public let groupKey: String
    /// When the window closed.
    public let composedAt: Timestamp
    /// Like `slack`, in short: the reply in the thread of a message that is
    /// updated in place. Empty: there is none.
    public let slackReply: String

    public init(
        id: String, thread: String, subject: String, slack: String, text: String, html: String,
        model: String, kind: String, groupKey: String, composedAt: Timestamp,
        slackReply: String = ""
    ) {
        self.id = id
        self.thread = thread
        self.subject = subject
        self.slack = slack
        self.text = text
        self.html = html
        self.model = model
        self.kind = kind
        self.groupKey = groupKey
        self.composedAt = composedAt
        self.slackReply = slackReply
    }
}
