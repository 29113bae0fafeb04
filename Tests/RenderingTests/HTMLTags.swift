extension Unicode.Scalar {
    /// A character that is invisible, reorders text, or breaks a line.
    var isHidden: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: true
        default: false
        }
    }
}

/// Parses the tags of a page strictly: only the elements and attributes of our pages, so none that
/// loads or runs anything.
enum HTMLTags {
    struct Fault: Error { let near: String }

    private static let elements: Set<String> = [
        "!DOCTYPE", "html", "head", "meta", "title", "style", "body", "main", "div", "h1", "p",
        "strong", "span", "br", "table", "tr", "th", "td", "ul", "li", "pre", "a", "footer",
    ]
    private static let attributes: Set<String> = [
        "class", "style", "href", "lang", "charset", "name", "content",
    ]

    static func check(_ html: String) throws {
        var rest = html[...]
        while let sign = rest.firstIndex(of: "<") {
            rest = rest[rest.index(after: sign)...]
            guard let close = rest.firstIndex(of: ">") else {
                throw Fault(near: "\(rest.prefix(60))")
            }
            let tag = rest[..<close].drop { $0 == "/" }
            let name = tag.prefix { $0 != " " }
            guard elements.contains(String(name)), !tag.contains("<") else {
                throw Fault(near: "\(tag.prefix(60))")
            }
            if name != "!DOCTYPE" { try check(attributes: tag.dropFirst(name.count)) }
            rest = rest[close...].dropFirst()
        }
    }

    private static func check(attributes text: Substring) throws {
        var rest = text
        while let match = rest.prefixMatch(of: #/ ([a-z]+)="([^"]*)"/#) {
            let isLink = match.1 == "href"
            // A style must not load anything.
            let loads = match.1 == "style" && (match.2.contains("url") || match.2.contains("@"))
            guard attributes.contains(String(match.1)), !isLink || match.2.hasPrefix("https://"),
                !loads
            else { throw Fault(near: "\(rest)") }
            rest = rest[match.range.upperBound...]
        }
        guard rest.isEmpty else { throw Fault(near: "\(rest)") }
    }
}
