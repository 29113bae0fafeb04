/// The templates that messages are made of, one file each: `<rawValue>.mustache`.
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
    /// In the thread of a message that is updated in place.
    case slackReply = "slack-reply"

    /// The markup of a template or partial of any name: what comes before the
    /// first dash. nil when that is none of ours.
    static func markup(of name: some StringProtocol) -> Markup? {
        let stem = name.prefix { $0 != "-" }
        return stem == "subject" ? .text : Markup(rawValue: String(stem))
    }
}
