import Mustache

/// A template in parts: each section whose tags stand alone on their lines, and what is between.
///
/// Most sections of a message are absent, and the engine takes about a microsecond to leave one out.
/// Such a part is left out without the engine. The result is that of the whole template.
struct TemplateParts: Sendable {
    private struct Part: Sendable {
        /// The section that the part consists of; nil: none, or not only.
        let section: String?
        let template: MustacheTemplate
    }

    private let parts: [Part]

    /// - Parameter head: What the template begins with: the tag of its content type, on a line.
    init(_ source: String, head: String) throws {
        parts = try Self.cut(source).map { section, text in
            Part(section: section, template: try MustacheTemplate(string: head + text))
        }
    }

    /// The template in one part.
    init(whole source: String, head: String) throws {
        parts = [Part(section: nil, template: try MustacheTemplate(string: head + source))]
    }

    /// - Parameter library: The partials.
    func render(_ values: TemplateValues, library: MustacheLibrary? = nil) -> String {
        var out = ""
        for part in parts {
            if let section = part.section, values.child(named: section) == nil { continue }
            out += part.template.render(values, library: library)
        }
        return out
    }

    /// Cuts at the ends of lines only, where the engine's rules for white space begin anew.
    private static func cut(_ source: String) -> [(section: String?, text: String)] {
        var parts: [(section: String?, text: String)] = []
        var text = ""
        // Of the part in `text`, until something else than its end is found.
        var section: String?
        var depth = 0
        func flush() {
            if !text.isEmpty { parts.append((section, text)) }
            (text, section) = ("", nil)
        }
        let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let found = Self.tags(of: String(line))
            guard let tags = found.tags else { return [(nil, source)] }
            let isAlone = found.isAlone
            if depth == 0, isAlone, tags[0].kind == .open, isName(tags[0]) {
                flush()
                section = tags[0].name
            }
            text += line
            if index < lines.count - 1 { text += "\n" }
            for tag in tags {
                switch tag.kind {
                case .open, .inverted: depth += 1
                case .close: depth -= 1
                default: continue
                }
                if depth == 0, !isAlone { section = nil }
            }
            if depth == 0, section != nil { flush() }
        }
        flush()
        return parts
    }

    /// The tags of a line, and whether it has one tag and blanks only; nil if a tag goes on in the
    /// next line.
    private static func tags(of line: String) -> (tags: [TemplateTag]?, isAlone: Bool) {
        var tags: [TemplateTag] = []
        var isBlank = true
        for piece in TemplateTag.pieces(in: line) {
            switch piece {
            case .text(let text): isBlank = isBlank && text.allSatisfy { $0 == " " || $0 == "\t" }
            case .tag(let tag): tags.append(tag)
            case .unclosed: return (nil, false)
            }
        }
        return (tags, isBlank && tags.count == 1)
    }

    /// Whether a tag names one of the view's own values.
    private static func isName(_ tag: TemplateTag) -> Bool {
        tag.transforms.isEmpty && !tag.name.isEmpty && !tag.name.contains(".")
    }
}
