/// Finds arithmetic, conversions and subscripts that may trap, in the code of one file.
///
/// What it does not report cannot trap by its form: joined texts and list literals, two literals, a
/// floating-point literal or `Double(…)` beside the operator, a time named `now` or `elapsed` and
/// spans such as `.seconds(1)` (far from the ends of `Timestamp` and `Duration`), and conversions that
/// return an optional.
struct NumberFindings {
    /// What was found; a whole kind can be an exception in a file.
    enum Kind: String {
        /// `+`, `-`, `*` and their assignments.
        case operators
        /// `Int(…)` and the like.
        case conversions
        /// A subscript with arithmetic, or with a name of something that is often from outside.
        case subscripts
    }

    struct Finding: Hashable {
        /// From 1.
        let line: Int
        let kind: Kind
    }

    private let code: [UInt8]
    private(set) var all: Set<Finding> = []

    init(in text: String) {
        code = SourceScanner.code(of: text)
        var line = 1
        for at in code.indices {
            switch code[at] {
            case 0x0A: line += 1
            case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "*"):
                if let place = operation(at) { note(place, .operators, from: at, line) }
            case UInt8(ascii: "("):
                if let start = conversion(at) {
                    note(start, .conversions, from: at, line)
                }
            case UInt8(ascii: "["):
                if isSubscript(at) { all.insert(Finding(line: line, kind: .subscripts)) }
            default: break
            }
        }
    }

    /// - Parameter line: The line of `known`.
    private mutating func note(_ place: Int, _ kind: Kind, from known: Int, _ line: Int) {
        let between = code[min(place, known)..<max(place, known)].count { $0 == 0x0A }
        all.insert(Finding(line: place < known ? line - between : line + between, kind: kind))
    }

    // MARK: - Operators

    /// The place of the right operand of an operator that may trap.
    private func operation(_ at: Int) -> Int? {
        guard at > 0, isSpace(at - 1) else { return nil }
        var right = at + 1
        let assigns = has("=", at: right)
        if assigns { right += 1 }
        guard isSpace(right) else { return nil }
        let left = lastOther(before: at)
        right = firstOther(from: right)
        guard left >= 0, right < code.count,
            isWord(code[left]) || ")]}?!$\"".utf8.contains(code[left]),
            code[left] != UInt8(ascii: "\""), code[right] != UInt8(ascii: "\"")
        else { return nil }
        let adds = code[at] == UInt8(ascii: "+")
        if adds,
            ["[", "Array(", "String(", "repeatElement("].contains(where: { has($0, at: right) })
        {
            return nil
        }
        if adds, !assigns, isListLiteral(endingAt: left) { return nil }
        let (a, b) = (word(endingAt: left), word(startingAt: right))
        if Self.isLiteral(a) && Self.isLiteral(b) || Self.isFraction(a) || Self.isFraction(b)
            || has("Double(", at: right)
        {
            return nil
        }
        let multiplies = code[at] == UInt8(ascii: "*")
        if !multiplies, !assigns, [a, b].contains(where: Self.isClock) { return nil }
        let spans = [".seconds", ".milliseconds", ".microseconds", ".nanoseconds", ".zero"]
        if !multiplies, spans.contains(where: { has($0, at: right) }) { return nil }
        return right
    }

    private static func isClock(_ word: String) -> Bool {
        ["now", "elapsed"].contains(word.split(separator: ".").last ?? "")
    }

    private static func isLiteral(_ word: String) -> Bool {
        word.first?.isNumber == true && word.allSatisfy { $0.isHexDigit || $0 == "_" || $0 == "x" }
    }

    /// `0.5`, `1e-3`.
    private static func isFraction(_ word: String) -> Bool {
        word.first?.isNumber == true && !word.hasPrefix("0x")
            && word.contains { $0 == "." || $0 == "e" }
    }

    /// Whether a list literal, and not a subscript, ends here.
    private func isListLiteral(endingAt end: Int) -> Bool {
        guard code[end] == UInt8(ascii: "]") else { return false }
        var at = end - 1
        while at >= 0, code[at] != UInt8(ascii: "[") {
            if code[at] == UInt8(ascii: "]") { return false }
            at -= 1
        }
        return at == 0 || at > 0 && (isSpace(at - 1) || "(,=:?".utf8.contains(code[at - 1]))
    }

    // MARK: - Conversions

    private static let types: Set<String> = [
        "Int", "Int8", "Int16", "Int32", "Int64", "UInt", "UInt8", "UInt16", "UInt32", "UInt64",
        "off_t", "pid_t", "numericCast",
    ]
    private static let named: Set<String> = [
        "exactly", "clamping", "saturating", "truncatingIfNeeded", "bitPattern", "ascii",
        "littleEndian",
    ]

    /// The start of a conversion with its parenthesis here that may trap.
    private func conversion(_ open: Int) -> Int? {
        let name = word(endingAt: open - 1).split(separator: ".").last.map(String.init) ?? ""
        guard Self.types.contains(name) else { return nil }
        var label = ""
        var at = open + 1
        while at < code.count, isWord(code[at]) {
            label.unicodeScalars.append(Unicode.Scalar(code[at]))
            at += 1
        }
        guard !Self.named.contains(label) else { return nil }
        let start = open - name.utf8.count
        return isOptional(from: start, closing: closing(open)) ? nil : start
    }

    /// Whether the code unwraps the result, so that the conversion is one of a text.
    private func isOptional(from start: Int, closing end: Int) -> Bool {
        let after = firstOther(from: end + 1)
        if ["??", ".map", ".flatMap", "!= nil", "== nil"].contains(where: { has($0, at: after) }) {
            return true
        }
        var at = lastOther(before: start)
        guard at >= 0 else { return false }
        if code[at] == UInt8(ascii: "{") {
            at = lastOther(before: at)
            if at >= 0, code[at] == UInt8(ascii: "(") { at = lastOther(before: at) }
            let name = word(endingAt: at)
            return name.hasSuffix("flatMap") || name.hasSuffix("compactMap")
        }
        guard code[at] == UInt8(ascii: "=") else { return false }
        // `if let name = `
        at = lastOther(before: at)
        at = lastOther(before: at - word(endingAt: at).utf8.count + 1)
        let binding = word(endingAt: at)
        guard binding == "let" || binding == "var" else { return false }
        at = lastOther(before: at - binding.utf8.count + 1)
        guard at >= 0 else { return false }
        return code[at] == UInt8(ascii: ",")
            || ["if", "guard", "while"].contains(word(endingAt: at))
    }

    private func closing(_ open: Int) -> Int {
        var depth = 0
        for at in open..<code.count {
            if code[at] == UInt8(ascii: "(") { depth += 1 }
            if code[at] == UInt8(ascii: ")") {
                depth -= 1
                if depth == 0 { return at }
            }
        }
        return code.count
    }

    // MARK: - Subscripts

    private static let outside: Set<String> = [
        "attempt", "number", "code", "member", "offset", "count", "lines", "run", "limit",
    ]

    private func isSubscript(_ open: Int) -> Bool {
        guard open > 0, isWord(code[open - 1]) || ")]?".utf8.contains(code[open - 1]) else {
            return false
        }
        var at = open + 1
        var found = false
        while at < code.count, code[at] != UInt8(ascii: "]") {
            if code[at] == UInt8(ascii: "[") || code[at] == UInt8(ascii: "\"") { return false }
            if isWord(code[at]) {
                let name = plainWord(startingAt: at)
                at += name.utf8.count
                found =
                    found || Self.outside.contains(name) && !has(".", at: at) || has(" + ", at: at)
                    || has(" - ", at: at)
            } else {
                at += 1
            }
        }
        return found && at < code.count
    }

    // MARK: - Bytes

    private func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: true
        default: byte >= 0x80
        }
    }

    private func isSpace(_ at: Int) -> Bool {
        at >= 0 && at < code.count && [0x20, 0x09, 0x0A, 0x0D].contains(code[at])
    }

    private func has(_ word: String, at start: Int) -> Bool {
        start >= 0 && start <= code.count && code[start...].starts(with: word.utf8)
    }

    private func lastOther(before end: Int) -> Int {
        var at = end - 1
        while at >= 0, isSpace(at) { at -= 1 }
        return at
    }

    private func firstOther(from start: Int) -> Int {
        var at = start
        while at < code.count, isSpace(at) { at += 1 }
        return min(at, code.count)
    }

    private func isPart(_ byte: UInt8) -> Bool {
        isWord(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "$")
    }

    /// A name or number with its points: `state.count`, `1e-3` without its sign.
    private func word(endingAt end: Int) -> String {
        guard end >= 0, end < code.count else { return "" }
        var start = end
        while start >= 0, isPart(code[start]) { start -= 1 }
        return String(decoding: code[(start + 1)..<(end + 1)], as: UTF8.self)
    }

    private func word(startingAt start: Int) -> String {
        String(decoding: code[start...].prefix(while: isPart), as: UTF8.self)
    }

    private func plainWord(startingAt start: Int) -> String {
        String(decoding: code[start...].prefix(while: isWord), as: UTF8.self)
    }
}
