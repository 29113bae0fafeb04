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
        _ bytes: [UInt8], _ visit: (_ path: [String], _ text: String) -> Void
    ) -> Bool {
        var scanner = XMLScanner(bytes)
        return scanner.scan(visit)
    }
}

/// Reads an XML document (XML 1.0, fifth edition) in UTF-8 from its first byte to its last.
///
/// Foundation's parser is libxml2, which would be the only reason to need that library and ICU's
/// shared one. This reads less than the standard: a document type is refused, so that no entity is
/// declared and none is resolved, and elements nest at most `maxDepth` deep.
struct XMLScanner {
    static let maxDepth = 256

    private struct Malformed: Error {}

    private let bytes: [UInt8]
    private var rest: ArraySlice<UInt8>
    /// The names of the open elements as they are written; an end must repeat them.
    private var open: [ArraySlice<UInt8>] = []
    /// The same, without prefixes.
    private var path: [String] = []
    /// The texts so far of the elements around the innermost one.
    private var outer: [[UInt8]] = []
    /// That of the innermost one.
    private var text: [UInt8] = []

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        rest = bytes[...]
    }

    mutating func scan(_ visit: (_ path: [String], _ text: String) -> Void) -> Bool {
        guard let characters = String(validating: bytes, as: UTF8.self),
            characters.unicodeScalars.allSatisfy(Self.isCharacter)
        else { return false }
        do {
            try scanDocument(visit)
            return true
        } catch {
            return false
        }
    }

    private mutating func scanDocument(
        _ visit: (_ path: [String], _ text: String) -> Void
    ) throws(Malformed) {
        _ = take("\u{FEFF}")
        // Stores send white space while they put an object together, some before the declaration.
        _ = takeSpace()
        let declaration = "<?xml".utf8
        if rest.starts(with: declaration),
            rest.dropFirst(declaration.count).first.map(Self.isSpace) == true
        {
            _ = try takeThrough("?>")
        }
        var hasRoot = false
        while let first = rest.first {
            if first != UInt8(ascii: "<") {
                try scanText()
            } else if take("<!--") {
                let comment = try takeThrough("-->")
                guard comment.firstRange(of: Array("--".utf8)) == nil,
                    comment.last != UInt8(ascii: "-")
                else { throw Malformed() }
            } else if take("<![CDATA[") {
                let section = try takeThrough("]]>")
                guard !open.isEmpty else { throw Malformed() }
                text.append(contentsOf: Self.withLineFeeds(section))
            } else if take("<?") {
                let target = try takeThrough("?>").prefix { !Self.isSpace($0) }
                guard !target.isEmpty,
                    String(decoding: target, as: UTF8.self).lowercased() != "xml"
                else { throw Malformed() }
            } else if take("</") {
                try close(visit)
            } else {
                guard take("<"), !(hasRoot && open.isEmpty) else { throw Malformed() }
                hasRoot = true
                try openElement(visit)
            }
        }
        guard hasRoot, open.isEmpty else { throw Malformed() }
    }

    // MARK: - Elements

    private mutating func openElement(
        _ visit: (_ path: [String], _ text: String) -> Void
    ) throws(Malformed) {
        let name = try takeName()
        guard open.count < Self.maxDepth else { throw Malformed() }
        open.append(name)
        path.append(Self.local(name))
        outer.append(text)
        text = []
        var attributes: Set<ArraySlice<UInt8>> = []
        while true {
            let isApart = takeSpace()
            if take(">") { return }
            if take("/>") {
                end(visit)
                return
            }
            guard isApart, attributes.insert(try takeName()).inserted else { throw Malformed() }
            try takeAttributeValue()
        }
    }

    /// Reads `= "value"` and drops it; the value must be well-formed.
    private mutating func takeAttributeValue() throws(Malformed) {
        _ = takeSpace()
        guard take("=") else { throw Malformed() }
        _ = takeSpace()
        let value: ArraySlice<UInt8>
        if take("\"") {
            value = try takeThrough("\"")
        } else if take("'") {
            value = try takeThrough("'")
        } else {
            throw Malformed()
        }
        guard !value.contains(UInt8(ascii: "<")) else { throw Malformed() }
        _ = try Self.decoded(value)
    }

    private mutating func close(
        _ visit: (_ path: [String], _ text: String) -> Void
    ) throws(Malformed) {
        let name = try takeName()
        _ = takeSpace()
        guard take(">"), let opened = open.last, opened == name else { throw Malformed() }
        end(visit)
    }

    private mutating func end(_ visit: (_ path: [String], _ text: String) -> Void) {
        visit(path, String(decoding: text, as: UTF8.self))
        open.removeLast()
        path.removeLast()
        text = outer.popLast() ?? []
    }

    /// The part of a name after its prefix.
    private static func local(_ name: ArraySlice<UInt8>) -> String {
        String(decoding: name.split(separator: UInt8(ascii: ":")).last ?? name, as: UTF8.self)
    }

    // MARK: - Texts

    private mutating func scanText() throws(Malformed) {
        let run = rest.prefix { $0 != UInt8(ascii: "<") }
        rest = rest.dropFirst(run.count)
        if open.isEmpty {
            guard run.allSatisfy(Self.isSpace) else { throw Malformed() }
        } else {
            guard run.firstRange(of: Array("]]>".utf8)) == nil else { throw Malformed() }
            text.append(contentsOf: try Self.decoded(run))
        }
    }

    /// Replaces references by their characters, and line ends by line feeds (§2.11, §4.1).
    private static func decoded(_ run: ArraySlice<UInt8>) throws(Malformed) -> [UInt8] {
        var parts = run[...]
        var made: [UInt8] = []
        while !parts.isEmpty {
            let plain = parts.prefix { $0 != UInt8(ascii: "&") }
            made.append(contentsOf: withLineFeeds(plain))
            parts = parts.dropFirst(plain.count)
            guard parts.popFirst() != nil else { break }
            let name = parts.prefix { $0 != UInt8(ascii: ";") }
            parts = parts.dropFirst(name.count)
            guard parts.popFirst() != nil, let character = character(named: name) else {
                throw Malformed()
            }
            made.append(contentsOf: String(character).utf8)
        }
        return made
    }

    private static func withLineFeeds(_ run: ArraySlice<UInt8>) -> [UInt8] {
        var made: [UInt8] = []
        var isAfterReturn = false
        for byte in run {
            let isReturn = byte == UInt8(ascii: "\r")
            if isReturn {
                made.append(UInt8(ascii: "\n"))
            } else if !(isAfterReturn && byte == UInt8(ascii: "\n")) {
                made.append(byte)
            }
            isAfterReturn = isReturn
        }
        return made
    }

    /// The character of a reference such as `lt`, `#60` or `#x3C`.
    private static func character(named name: ArraySlice<UInt8>) -> Unicode.Scalar? {
        switch String(decoding: name, as: UTF8.self) {
        case "lt": return "<"
        case "gt": return ">"
        case "amp": return "&"
        case "apos": return "'"
        case "quot": return "\""
        case let name:
            let isHex = name.hasPrefix("#x")
            guard isHex || name.hasPrefix("#") else { return nil }
            let digits = name.dropFirst(isHex ? 2 : 1)
            // `UInt32` would also read a sign.
            guard let first = digits.first, first.isHexDigit,
                let number = UInt32(digits, radix: isHex ? 16 : 10),
                let character = Unicode.Scalar(number), isCharacter(character)
            else { return nil }
            return character
        }
    }

    /// The production Char (§2.2).
    private static func isCharacter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x9, 0xA, 0xD, 0x20...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: true
        default: false
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x9 || byte == 0xA || byte == 0xD
    }

    // MARK: - Places

    /// Removes `mark` where the rest begins with it.
    private mutating func take(_ mark: String) -> Bool {
        guard rest.starts(with: mark.utf8) else { return false }
        rest = rest.dropFirst(mark.utf8.count)
        return true
    }

    /// Removes everything through the next `mark` and returns what was before it.
    private mutating func takeThrough(_ mark: String) throws(Malformed) -> ArraySlice<UInt8> {
        guard let place = rest.firstRange(of: Array(mark.utf8)) else { throw Malformed() }
        let before = rest.prefix(upTo: place.lowerBound)
        rest = rest.suffix(from: place.upperBound)
        return before
    }

    private mutating func takeSpace() -> Bool {
        let space = rest.prefix(while: Self.isSpace)
        rest = rest.dropFirst(space.count)
        return !space.isEmpty
    }

    private mutating func takeName() throws(Malformed) -> ArraySlice<UInt8> {
        let name = rest.prefix { !Self.isSpace($0) && !Self.punctuation.contains($0) }
        rest = rest.dropFirst(name.count)
        guard let first = name.first, !Self.noFirst.contains(first) else { throw Malformed() }
        return name
    }

    /// ASCII that no name contains, and what no name begins with (§2.3).
    private static let punctuation = Set("!\"#$%&'()*+,/;<=>?@[\\]^`{|}~".utf8)
    private static let noFirst = Set("-.0123456789".utf8)
}
