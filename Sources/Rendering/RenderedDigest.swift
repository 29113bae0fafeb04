public import Events

/// One digest in every form that receivers need, rendered once.
///
/// It is stored by `id` and sent from there, so a re-send has the same bytes.
public struct RenderedDigest: Sendable, Equatable {
    /// The digest's id.
    public let id: String
    /// The incident's id, the same in every digest of the incident.
    public let thread: String
    /// One line without control characters, the same for the whole incident.
    public let subject: String
    /// JSON payload for a Slack incoming webhook: `text` and `blocks`, within Slack's documented
    /// limits.
    public let slack: String
    /// Plain text; lines end in `\n`.
    public let text: String
    /// A complete HTML document without remote content.
    public let html: String
    /// The digest as a JSON object, for webhooks and archives.
    public let model: String
    /// The digest's kind: `failing`, `recovered`, `ended`, `notice` or `rollup`; `test` or
    /// `receiver_paused` for digests about delivery itself.
    public let kind: String
    /// The group's key, the same in all its incidents.
    public let groupKey: String
    /// When the digest was composed.
    public let composedAt: Timestamp
    /// A shorter form of `slack` for a reply in the thread of a message that is updated in
    /// place. Empty: none.
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
