import Core
import Mustache

/// The markup languages of messages, and how text is escaped in each.
enum Markup: String, CaseIterable, Sendable {
    case text
    case html
    /// Slack's mrkdwn and plain text objects.
    case slack

    /// Escapes `text` so that it contains no markup.
    func escape(_ text: String) -> String {
        switch self {
        case .text: text
        case .html: InertText.html(text)
        case .slack: InertText.slack(text)
        }
    }
}

extension Markup: MustacheContentType {
    func escapeText(_ text: String) -> String { escape(text) }

    /// The name for templates: `{{% CONTENT_TYPE: … }}`.
    var contentType: String { "bellwether-\(rawValue)" }

    /// Registers all markups with the template engine, once per process.
    static let registered: Void = {
        for markup in allCases { MustacheContentTypes.register(markup, named: markup.contentType) }
    }()
}
