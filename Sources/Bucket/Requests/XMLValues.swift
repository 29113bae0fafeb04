import CExpat

/// The texts of elements of a small XML document, without regard to namespaces.
///
/// expat reads the document. It resolves no external entity, and a document type, which would declare
/// entities, is refused.
enum XMLValues {
    /// Elements that nest deeper are refused.
    static let maxDepth = 256

    /// The first text of each named element that has one.
    static func read(_ bytes: [UInt8], _ names: Set<String>) -> [String: String] {
        var found: [String: String] = [:]
        _ = elements(bytes) { path, text in
            if let name = path.last, names.contains(name), found[name] == nil { found[name] = text }
        }
        return found
    }

    /// Calls `visit` at the end of each element with its path and its own text. Returns false if the
    /// document is not well-formed, or not in UTF-8.
    static func elements(
        _ bytes: [UInt8], _ visit: (_ path: [String], _ text: String) -> Void
    ) -> Bool {
        // A store may send blanks before the XML declaration, while it works.
        let document = bytes.drop { [0x20, 0x09, 0x0D, 0x0A].contains($0) }
        guard let count = Int32(exactly: document.count),
            let parser = XML_ParserCreate("UTF-8")
        else { return false }
        defer { XML_ParserFree(parser) }
        return withoutActuallyEscaping(visit) { visit in
            let reader = Reader(parser, visit)
            XML_SetUserData(parser, Unmanaged.passUnretained(reader).toOpaque())
            XML_SetElementHandler(
                parser, { data, name, _ in Reader.of(data)?.start(name) },
                { data, _ in Reader.of(data)?.end() })
            XML_SetCharacterDataHandler(parser) { Reader.of($0)?.append($1, $2) }
            XML_SetStartDoctypeDeclHandler(parser) { data, _, _, _, _ in Reader.of(data)?.stop() }
            let status = document.withUnsafeBytes {
                XML_Parse(parser, $0.bindMemory(to: CChar.self).baseAddress, count, 1)
            }
            return withExtendedLifetime(reader) { status == XML_STATUS_OK }
        }
    }

    /// The receiver of expat's calls, on the thread that parses.
    private final class Reader {
        private let parser: XML_Parser
        private let visit: ([String], String) -> Void
        /// The names of the open elements, without prefixes.
        private var path: [String] = []
        /// Their texts so far.
        private var texts: [[UInt8]] = []
        /// expat may still call a handler once after a stop.
        private var isStopped = false

        init(_ parser: XML_Parser, _ visit: @escaping ([String], String) -> Void) {
            self.parser = parser
            self.visit = visit
        }

        /// The reader of a call. It lives as long as the parser; see `elements`.
        static func of(_ data: UnsafeMutableRawPointer?) -> Reader? {
            data.map { Unmanaged<Reader>.fromOpaque($0).takeUnretainedValue() }
        }

        func start(_ name: UnsafePointer<CChar>?) {
            guard let name, path.count < XMLValues.maxDepth else { return stop() }
            let whole = String(cString: name)
            path.append(whole.split(separator: ":").last.map(String.init) ?? whole)
            texts.append([])
        }

        func append(_ text: UnsafePointer<CChar>?, _ count: Int32) {
            let bytes = UnsafeRawBufferPointer(start: text, count: Int(clamping: count))
            if let last = texts.indices.last { texts[last].append(contentsOf: bytes) }
        }

        func end() {
            guard !isStopped, let text = texts.popLast() else { return }
            visit(path, String(decoding: text, as: UTF8.self))
            path.removeLast()
        }

        func stop() {
            isStopped = true
            XML_StopParser(parser, 0)
        }
    }
}
