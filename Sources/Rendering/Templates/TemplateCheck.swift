import Core

/// Checks a template without rendering it.
///
/// The engine renders an unknown name, partial or transform as nothing, so these are reported
/// here. `includes` lets `TemplateSet` find partials that include themselves, which would crash
/// the process.
struct TemplateCheck {
    static let maxBytes = 256 * 1024
    /// Most levels of nested sections, because the engine's parser is recursive.
    static let maxDepth = 32

    let file: String
    let name: String
    let source: String
    /// Names that the view can contain.
    let known: Set<String>
    /// Names of all templates and partials.
    let partials: Set<String>

    private static let transforms: Set<String> = [
        "capitalized", "lowercased", "uppercased", "reversed", "first", "last", "count", "empty",
        "sorted", "enumerated", "index", "even", "odd", "plusone", "minusone", "equalzero",
    ]

    var faults: [TemplateFault] {
        var faults: [TemplateFault] = []
        var depth = 0
        for tag in TemplateTag.all(in: source) {
            switch tag.kind {
            case .comment: continue
            case .refused(let sign): faults.append(fault(tag, refused: sign))
            case .partial: faults += partialFault(tag).map { [$0] } ?? []
            case .open, .inverted:
                depth += 1
                if depth == Self.maxDepth + 1 {
                    faults.append(
                        TemplateFault(
                            file: file, line: tag.line, fault: "sections are nested too deeply",
                            remedy: "nest at most \(Self.maxDepth)"))
                }
                faults += nameFaults(tag)
            case .close: depth -= 1
            case .variable: faults += nameFaults(tag)
            }
        }
        return faults
    }

    /// The partials that the template includes.
    var includes: [TemplateTag] {
        TemplateTag.all(in: source).filter { $0.kind == .partial }
    }

    private func nameFaults(_ tag: TemplateTag) -> [TemplateFault] {
        var faults: [TemplateFault] = []
        for part in tag.name.split(separator: ".") where !known.contains(String(part)) {
            let near = known.filter { $0.contains(part) || part.contains($0) }.sorted().prefix(3)
            let hint =
                near.isEmpty
                ? "see templates/README.md" : "did you mean \(near.joined(separator: ", "))?"
            faults.append(
                TemplateFault(
                    file: file, line: tag.line,
                    fault: "unknown name \"\(InertText.visible(part, limit: 60))\"",
                    remedy: hint))
        }
        for transform in tag.transforms where !Self.transforms.contains(transform) {
            faults.append(
                TemplateFault(
                    file: file, line: tag.line,
                    fault: "unknown transform \"\(InertText.visible(transform, limit: 60))\"",
                    remedy: "use one of \(Self.transforms.sorted().joined(separator: ", "))"))
        }
        return faults
    }

    private func partialFault(_ tag: TemplateTag) -> TemplateFault? {
        let shown = InertText.visible(tag.name, limit: 60)
        guard partials.contains(tag.name) else {
            return TemplateFault(
                file: file, line: tag.line, fault: "unknown partial \"\(shown)\"",
                remedy: "add \(shown).mustache beside this file")
        }
        guard TemplateName.markup(of: tag.name) == TemplateName.markup(of: name) else {
            return TemplateFault(
                file: file, line: tag.line,
                fault: "partial \"\(shown)\" is written in another markup",
                remedy: "include partials whose name begins like this file's")
        }
        return nil
    }

    private func fault(_ tag: TemplateTag, refused sign: Character) -> TemplateFault {
        let (what, remedy) =
            switch sign {
            case "{", "&":
                ("unescaped values are not allowed", "write {{name}}: values come from events")
            case "=": ("delimiters cannot be changed", "keep {{ and }}")
            case "%": ("the content type is set by the file's name", "remove the tag")
            default: ("this kind of tag is not supported", "use names, sections and partials")
            }
        return TemplateFault(file: file, line: tag.line, fault: what, remedy: remedy)
    }
}
