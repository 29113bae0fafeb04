import Foundation

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// The texts of elements of a small XML document, without regard to namespaces.
enum XMLValues {
    /// The first text of each named element that has one.
    static func read(_ bytes: [UInt8], _ names: Set<String>) -> [String: String] {
        var found: [String: String] = [:]
        _ = elements(bytes) { path, text in
            if let name = path.last, names.contains(name), found[name] == nil { found[name] = text }
        }
        return found
    }

    /// Calls `visit` at the end of each element with its path and its own text. Returns false if the
    /// document is not well-formed.
    static func elements(
        _ bytes: [UInt8], _ visit: @escaping (_ path: [String], _ text: String) -> Void
    ) -> Bool {
        let reader = Reader(visit)
        let parser = XMLParser(data: Data(bytes))
        // External entities could read files; none is resolved.
        parser.shouldResolveExternalEntities = false
        parser.delegate = reader
        return parser.parse()
    }

    private final class Reader: NSObject, XMLParserDelegate {
        private let visit: ([String], String) -> Void
        private var path: [String] = []
        private var texts: [String] = []

        init(_ visit: @escaping ([String], String) -> Void) { self.visit = visit }

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
            qualifiedName: String?, attributes: [String: String] = [:]
        ) {
            path.append(name.split(separator: ":").last.map(String.init) ?? name)
            texts.append("")
        }

        func parser(_ parser: XMLParser, foundCharacters text: String) {
            if !texts.isEmpty { texts[texts.count - 1] += text }
        }

        func parser(
            _ parser: XMLParser, didEndElement name: String, namespaceURI: String?,
            qualifiedName: String?
        ) {
            visit(path, texts.popLast() ?? "")
            path.removeLast()
        }
    }
}
