public import Digests
import Core
import Events

/// Turns digests into messages.
///
/// Created once per configuration. An immutable value, usable from any thread. The same digest
/// renders to the same bytes. Rendering cannot fail: the built-in template replaces one that
/// has a fault.
public struct Renderer: Sendable {
    private let templates: TemplateSet
    private let options: RenderOptions

    /// Faults of the templates folder, each with its file and, where known, its line. Built-in
    /// templates are used instead of these.
    public var faults: [TemplateFault] { templates.faults }

    /// - Parameter templatesDirectory: A folder of `*.mustache` files that replace built-in
    ///   templates; nil or empty: none.
    public init(templatesDirectory: String? = nil, options: RenderOptions = RenderOptions()) {
        self.options = options
        guard let templatesDirectory, !templatesDirectory.isEmpty else {
            templates = TemplateSet()
            return
        }
        var templates = TemplateSet(directory: templatesDirectory)
        for name in TemplateName.allCases where templates.overridden.contains(name) {
            if let fault = Self.trial(of: name, in: templates) {
                templates.drop(name, because: fault)
            }
        }
        self.templates = templates
    }

    /// Renders every form of a digest.
    public func render(_ digest: Digest) -> RenderedDigest {
        let words = DigestWords(digest, options)
        let view = MessageView(words, limits: .mail)
        var views = TighteningViews(words, .mail)
        var slackViews = TighteningViews(words, .slack, marksTimes: true)
        let subject = templates.render(.subject, TemplateValues(view.subjectValues))
        // Parts of the message and of the reply.
        let fallback = plain(.slackFallback, &slackViews, limit: SlackLimits.fallback)
        let footer = fit(.slackFooter, &slackViews, limit: SlackLimits.section)
        return RenderedDigest(
            id: digest.id, thread: digest.thread,
            subject: InertText.visible(subject.oneLine, limit: 200).cut(to: 600, .utf8),
            slack: slack(words, &slackViews, fallback: fallback, footer: footer).json,
            text: fit(.text, &views, limit: Self.textLimit, size: \.mailSize).tidyLines,
            html: fit(.html, &views, limit: Self.htmlLimit, size: \.mailSize).tidyLines,
            model: DigestModel.json(view), kind: digest.kindWord,
            groupKey: digest.group.text, composedAt: digest.composedAt,
            slackReply: slackReply(&slackViews, fallback: fallback, footer: footer))
    }

    /// Most bytes of the text and HTML parts as encoded in a mail, so that the whole mail stays
    /// below 100 KB.
    static let textLimit = 36_000
    static let htmlLimit = 58_000

    private func slackReply(
        _ views: inout TighteningViews, fallback: String, footer: String
    ) -> String {
        SlackMessage(
            fallback: fallback, headline: "",
            sections: [fit(.slackReply, &views, limit: SlackLimits.section)], footer: footer
        ).json
    }

    private func slack(
        _ words: DigestWords, _ views: inout TighteningViews, fallback: String, footer: String
    ) -> SlackMessage {
        let sections: [TemplateName] = [.slackSummary, .slackTable, .slackReasons, .slackSteps]
        return SlackMessage(
            fallback: fallback,
            headline: plain(.slackHeadline, &views, limit: SlackLimits.header),
            sections: sections.map { fit($0, &views, limit: SlackLimits.section) },
            footer: footer,
            color: words.state.tone.color,
            buttons: words.links.links.prefix(SlackLimits.buttons).map {
                SlackMessage.Button(text: $0.name, url: $0.url)
            })
    }

    /// A text for a place where Slack formats no dates.
    private func plain(
        _ name: TemplateName, _ views: inout TighteningViews, limit: Int
    ) -> String {
        fit(name, &views, limit: limit, SlackDate.plain)
    }

    /// Renders with ever shorter lists until the result fits; each list shows the number of
    /// items left out.
    ///
    /// A result that still does not fit is cut. HTML is not cut: the built-in template is used.
    private func fit(
        _ name: TemplateName, _ views: inout TighteningViews, limit: Int,
        _ dates: (String) -> String = SlackDate.expand,
        size: (String) -> Int = { $0.utf16.count }
    ) -> String {
        var last = ""
        for step in 0..<views.steps {
            last = dates(templates.render(name, views[step]))
            if size(last) <= limit { return last }
        }
        guard name == .html else {
            var available = limit
            var kept = SlackLimits.cut(last, to: available)
            while size(kept) > limit, available > 0 {
                available = min(available - 1, available * limit / size(kept))
                kept = SlackLimits.cut(last, to: available)
            }
            return kept
        }
        // A cut HTML page would be broken; the built-in one always fits.
        for step in 0..<views.steps {
            last = templates.renderBuiltin(name, views[step])
            if size(last) <= limit { break }
        }
        return last
    }

    /// Renders sample digests of every kind with a template and returns its fault, if any.
    ///
    /// A template has a fault if it renders a sample as nothing where the built-in one does not.
    /// The Slack table, reasons and steps may be empty.
    private static func trial(of name: TemplateName, in templates: TemplateSet) -> TemplateFault? {
        for digest in SampleDigests.all {
            let view = MessageView(digest: digest, options: RenderOptions(), limits: .mail)
            let values = TemplateValues(name == .subject ? view.subjectValues : view.values)
            let text = templates.render(name, values).trimmedLines
            guard text.isEmpty, !templates.renderBuiltin(name, values).trimmedLines.isEmpty,
                name != .slackSteps, name != .slackReasons, name != .slackTable
            else { continue }
            return TemplateFault(
                file: templates.files[name] ?? name.rawValue, line: nil,
                fault: "renders a \(digest.kind.rawValue) digest as nothing",
                remedy: "write something for every kind of digest")
        }
        return nil
    }
}
