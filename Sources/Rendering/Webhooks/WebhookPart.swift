import Core
import JSON
import Mustache

/// One template of a webhook: its body, its address, its method or a header.
///
/// Each tag is escaped for the place where it stands, so that no value ends a text, adds a member
/// or another header. Values come from events: there is no unescaped tag.
struct WebhookPart: Sendable {
    /// The language of a part.
    enum Form: Sendable {
        case json
        case form
        case markup
        case plain
        case address
        case header

        /// The language of a body with this content type.
        init(contentType: String) {
            let type = contentType.prefix { $0 != ";" }.lowercased()
                .filter { !$0.isWhitespace }
            if type.isEmpty || type.hasSuffix("/json") || type.hasSuffix("+json") {
                self = .json
            } else if type == "application/x-www-form-urlencoded" {
                self = .form
            } else if type.hasSuffix("html") || type.hasSuffix("xml") {
                self = .markup
            } else {
                self = .plain
            }
        }

        fileprivate func sink(isQuoted: Bool) -> WebhookSink {
            switch self {
            case .json: isQuoted ? .quoted : .json
            case .form: .form
            case .markup: .markup
            case .plain: .plain
            case .address: .address
            case .header: .header
            }
        }
    }

    private let form: Form
    private let template: MustacheTemplate?
    /// The text of a part without tags.
    private let source: String

    /// - Parameters:
    ///   - file: The name of the part in faults.
    ///   - variables: The names that `var.` may be followed by.
    init(
        _ source: String, _ form: Form, file: String, variables: Set<String>
    ) throws(WebhookFaults) {
        self.source = source
        self.form = form
        // Most addresses have no brace at all, which is found much faster.
        guard source.utf8.contains(UInt8(ascii: "{")), source.contains("{{") else {
            template = nil
            return
        }
        guard source.utf8.count <= TemplateCheck.maxBytes else {
            throw WebhookFaults(
                file, nil, "the template is too large",
                "keep it below \(TemplateCheck.maxBytes) bytes")
        }
        var compiler = WebhookCompiler(form: form, file: file, variables: variables)
        let compiled = try compiler.compile(source)
        _ = Markup.registered
        do { template = try MustacheTemplate(string: compiled) } catch {
            let parser = error as? MustacheTemplate.ParserError
            throw WebhookFaults(
                file, parser.map { max(1, $0.context.lineNumber) },
                "not a template: \(parser.map { "\($0.error)" } ?? "\(error)")",
                "close every tag and section")
        }
    }

    /// Whether no digest changes it.
    var isConstant: Bool { template == nil }

    /// A text without tags.
    init(text: String) {
        form = .plain
        template = nil
        source = text
    }

    func render(_ fields: WebhookFields, longestText: Int = .max) -> String {
        guard let template else { return source }
        return template.render(fields.root(WebhookScope(longestText: longestText)))
    }

    /// Replaces each tag by one that names its sink.
    private struct WebhookCompiler {
        let form: Form
        let file: String
        let variables: Set<String>
        private var isQuoted = false
        private var escapes = false
        private var faults: [TemplateFault] = []
        private var sections: [(name: String, isQuoted: Bool, line: Int)] = []

        init(form: Form, file: String, variables: Set<String>) {
            self.form = form
            self.file = file
            self.variables = variables
        }

        mutating func compile(_ source: String) throws(WebhookFaults) -> String {
            var out = ""
            for piece in TemplateTag.pieces(in: source) {
                switch piece {
                case .text(let text):
                    scan(text)
                    out += text
                case .tag(let tag): out += rewritten(tag)
                case .unclosed(let line):
                    refuse(line, "a tag is not closed", "write }} behind its name")
                }
            }
            if let open = sections.last {
                refuse(
                    open.line, "the section \"\(open.name)\" is not closed",
                    "write {{/\(open.name)}}")
            }
            if isQuoted, form == .json {
                refuse(nil, "the body ends inside a text", "close the quotes")
            }
            guard faults.isEmpty else { throw WebhookFaults(faults) }
            return out
        }

        private mutating func rewritten(_ tag: TemplateTag) -> String {
            let path = path(of: tag)
            func call(_ path: String) -> String {
                tag.transforms.reduce("") { $0 + $1 + "(" } + path
                    + String(repeating: ")", count: tag.transforms.count)
            }
            switch tag.kind {
            case .comment: return "{{! }}"
            case .open, .inverted:
                if sections.count == TemplateCheck.maxDepth {
                    refuse(
                        tag.line, "sections are nested too deeply",
                        "nest at most \(TemplateCheck.maxDepth)")
                }
                sections.append((tag.name, isQuoted, tag.line))
                return "{{\(tag.kind == .open ? "#" : "^")\(call(path))}}"
            case .close:
                guard let open = sections.popLast() else {
                    refuse(tag.line, "\"\(tag.name)\" is closed but not open", "open it first")
                    return ""
                }
                if open.isQuoted != isQuoted, form == .json {
                    refuse(
                        tag.line,
                        "the section \"\(tag.name)\" begins and ends on different sides "
                            + "of a quote", "put both tags inside the text, or both outside")
                }
                return "{{/\(call(path))}}"
            case .variable:
                return "{{{\(form.sink(isQuoted: isQuoted).rawValue)(\(call(path)))}}}"
            case .partial:
                refuse(tag.line, "a body includes no other file", "write its text here")
            case .refused(let sign):
                refuse(
                    tag.line,
                    sign == "{" || sign == "&"
                        ? "unescaped values are not allowed" : "this kind of tag is not supported",
                    "write {{name}}, {{#name}}…{{/name}} or {{^name}}…{{/name}}")
            }
            return ""
        }

        /// The path of a tag's name, checked, with the separator of `WebhookObject`.
        private mutating func path(of tag: TemplateTag) -> String {
            switch tag.kind {
            case .variable, .open, .inverted, .close: break
            default: return ""
            }
            if tag.kind != .close { checkTransforms(tag) }
            guard tag.name != ".", !tag.name.isEmpty else { return tag.name }
            let parts = tag.name.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.allSatisfy({ !$0.isEmpty }), !tag.name.contains("?") else {
                refuse(
                    tag.line, "\"\(InertText.visible(tag.name, limit: 60))\" is not a name",
                    Self.hint)
                return ""
            }
            let first = String(parts[0])
            if first == "var" {
                if parts.count != 2 || !variables.contains(String(parts[1])) {
                    let name = InertText.visible(
                        parts.dropFirst().joined(separator: "."), limit: 60)
                    refuse(
                        tag.line, "there is no variable \"\(name)\"",
                        "write variables: {\(name)_file: PATH} or {\(name): TEXT}")
                }
            } else if first != "group" {
                for part in parts where !WebhookFields.known.contains(String(part)) {
                    refuse(
                        tag.line, "unknown name \"\(InertText.visible(part, limit: 60))\"",
                        Self.hint)
                }
            }
            return parts.joined(separator: String(WebhookObject.separator))
        }

        private static let hint = "docs/receivers.md lists the names"

        private mutating func checkTransforms(_ tag: TemplateTag) {
            // `last()` and its kin are about the place in a list, and are for sections only.
            if tag.name.isEmpty, tag.kind != .variable, tag.transforms.count == 1,
                ["first", "last"].contains(tag.transforms[0])
            {
                return
            }
            if tag.name.isEmpty { refuse(tag.line, "a tag without a name", Self.hint) }
            for name in tag.transforms
            where !WebhookScalar.known.contains(name) && WebhookSink.limit(name, "max") == nil
                && WebhookSink.limit(name, "bytes") == nil
            {
                refuse(
                    tag.line, "unknown function \"\(InertText.visible(name, limit: 60))\"",
                    "use html, markdown, code, slack, count, max100 or bytes100")
            }
        }

        /// Follows the quotes of a JSON body.
        private mutating func scan(_ text: Substring) {
            guard form == .json else { return }
            for byte in text.utf8 {
                if escapes {
                    escapes = false
                } else if byte == UInt8(ascii: "\\") {
                    escapes = isQuoted
                } else if byte == UInt8(ascii: "\"") {
                    isQuoted.toggle()
                }
            }
        }

        private mutating func refuse(_ line: Int?, _ fault: String, _ remedy: String) {
            faults.append(TemplateFault(file: file, line: line, fault: fault, remedy: remedy))
        }
    }
}

/// The faults of a webhook's templates.
public struct WebhookFaults: Error, Sendable, CustomStringConvertible {
    /// Never empty. `file` is the key of the part: `body`, `url`, `method`, `headers.NAME`.
    public let faults: [TemplateFault]

    init(_ faults: [TemplateFault]) { self.faults = faults }

    init(_ file: String, _ line: Int?, _ fault: String, _ remedy: String) {
        faults = [TemplateFault(file: file, line: line, fault: fault, remedy: remedy)]
    }

    public var description: String { faults.map(\.description).joined(separator: "; ") }
}
