/// The templates of messages, one file each: `<rawValue>.mustache`.
enum TemplateName: String, CaseIterable, Sendable {
    case subject
    case text
    case html
    case slackHeadline = "slack-headline"
    case slackSummary = "slack-summary"
    case slackTable = "slack-table"
    case slackReasons = "slack-reasons"
    case slackSteps = "slack-steps"
    case slackFooter = "slack-footer"
    case slackFallback = "slack-fallback"
    /// The reply in the thread of a message that is updated in place.
    case slackReply = "slack-reply"

    /// Returns the markup of a template or partial, by its name up to the first dash.
    ///
    /// Returns nil when that is not a markup or `subject`.
    static func markup(of name: some StringProtocol) -> Markup? {
        let stem = name.prefix { $0 != "-" }
        return stem == "subject" ? .text : Markup(rawValue: String(stem))
    }
}
