import Events

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Scans a Prometheus metrics page once and reads the requested metrics.
///
/// Supports the text format 0.0.4, OpenMetrics 1.0 (fractional timestamps, exemplars, which are
/// skipped, `# EOF`), and quoted UTF-8 names (`{"my.metric",a="b"} 1`). Of lines of other metrics,
/// only the beginning and the end are checked: a page whose lines cannot be samples (HTML, JSON) is
/// an error, and so is one that ends inside any line, because series may be missing behind it.
/// The input may be hostile: work is linear in its size and bounded by the limits.
struct ExpositionScanner {
    /// Maximum number of labels of one sample.
    static let labelLimit = 128
    /// Maximum bytes of a number.
    static let numberLimit = 64

    private let bytes: UnsafeRawBufferPointer
    private var at = 0
    private var labels: [ExpositionLabels.Entry] = []

    private init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Calls `visit` for each sample of the metrics `names`, in page order.
    ///
    /// Passes the index of the name, the labels (valid during the call only) and the value. Throws
    /// absent(garbage) with the line number at the first malformed line, after visiting the samples
    /// before it, and rethrows errors of `visit`.
    static func scan(
        _ page: [UInt8], names: [String],
        _ visit: (_ name: Int, _ labels: ExpositionLabels, _ value: Double) throws(MissingData) ->
            Void
    ) throws(MissingData) {
        let wanted = names.map { Array($0.utf8) }
        let page = try PlainText.checked(page)
        var absence: MissingData?
        page.withUnsafeBytes { bytes in
            var scanner = ExpositionScanner(bytes)
            do throws(MissingData) { try scanner.page(wanted, visit) } catch { absence = error }
        }
        if let absence { throw absence }
    }

    private mutating func page(
        _ wanted: [[UInt8]],
        _ visit: (Int, ExpositionLabels, Double) throws(MissingData) -> Void
    ) throws(MissingData) {
        while true {
            skipSpace()
            guard at < bytes.count else { return }
            switch bytes[at] {
            case UInt8(ascii: "\n"):
                at += 1
            case UInt8(ascii: "#"):
                try comment()
            case UInt8(ascii: "{"):
                try quotedName(wanted, visit)
            case let first where Self.startsName(first):
                if let index = wanted.firstIndex(where: isName) {
                    at += wanted[index].count
                    labels.removeAll(keepingCapacity: true)
                    try sample(index, visit)
                } else if !skipLine() {
                    throw cutOff
                }
            default:
                throw fault("not a metrics page")
            }
        }
    }

    /// Skips a comment. Only `# EOF` may end the page without a line feed: it is the last line.
    private mutating func comment() throws(MissingData) {
        var rest = bytes.dropFirst(at)
        guard !skipLine() else { return }
        while let last = rest.last, Self.isSpace(last) { rest.removeLast() }
        guard rest.elementsEqual("# EOF".utf8) else { throw cutOff }
    }

    // MARK: - Grammar

    /// Whether the name that begins here is exactly `name`.
    private func isName(_ name: [UInt8]) -> Bool {
        let end = at + name.count
        guard end <= bytes.count else { return false }
        if end < bytes.count {
            let next = bytes[end]
            guard Self.isSpace(next) || next == UInt8(ascii: "{") || next == UInt8(ascii: "\n")
            else { return false }
        }
        return bytes[at..<end].elementsEqual(name)
    }

    /// Reads a sample such as `{"name",label="value"} 1`, whose name is in the braces.
    private mutating func quotedName(
        _ wanted: [[UInt8]],
        _ visit: (Int, ExpositionLabels, Double) throws(MissingData) -> Void
    ) throws(MissingData) {
        let line = at
        at += 1
        skipSpace()
        guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else {
            throw fault("a sample without a name")
        }
        let text = try quoted()
        skipSpace()
        guard at < bytes.count,
            bytes[at] == UInt8(ascii: ",") || bytes[at] == UInt8(ascii: "}")
        else { throw fault("a sample without a name") }
        let index = wanted.firstIndex {
            ExpositionLabels.equal(bytes, text.range, escaped: text.escaped, $0)
        }
        guard let index else {
            at = line
            guard skipLine() else { throw cutOff }
            return
        }
        labels.removeAll(keepingCapacity: true)
        if bytes[at] == UInt8(ascii: ",") { at += 1 }
        try labelList()
        try value(index, visit)
    }

    private mutating func sample(
        _ index: Int, _ visit: (Int, ExpositionLabels, Double) throws(MissingData) -> Void
    ) throws(MissingData) {
        skipSpace()
        if at < bytes.count, bytes[at] == UInt8(ascii: "{") {
            at += 1
            try labelList()
        }
        try value(index, visit)
    }

    /// Reads the labels up to and including the closing brace.
    private mutating func labelList() throws(MissingData) {
        while true {
            skipSpace()
            guard at < bytes.count else { throw fault("the page ends inside a line") }
            if bytes[at] == UInt8(ascii: "}") {
                at += 1
                return
            }
            guard labels.count < Self.labelLimit else {
                throw MissingData(.tooLarge, "more than \(Self.labelLimit) labels in line \(line)")
            }
            let name = try labelName()
            skipSpace()
            try expect(UInt8(ascii: "="))
            skipSpace()
            let value = try quoted()
            let entry = ExpositionLabels.Entry(
                name: name, value: value.range, isEscaped: value.escaped)
            guard !labels.contains(where: { bytes[$0.name].elementsEqual(bytes[name]) }) else {
                throw fault("a label twice")
            }
            labels.append(entry)
            skipSpace()
            if at < bytes.count, bytes[at] == UInt8(ascii: ",") {
                at += 1
            } else if at >= bytes.count || bytes[at] != UInt8(ascii: "}") {
                throw fault("a label list that does not end")
            }
        }
    }

    private mutating func labelName() throws(MissingData) -> Range<Int> {
        if bytes[at] == UInt8(ascii: "\"") { return try quoted().range }
        let start = at
        while at < bytes.count, Self.startsName(bytes[at]) || Self.isDigit(bytes[at]) { at += 1 }
        guard start < at, !Self.isDigit(bytes[start]) else { throw fault("not a label name") }
        return start..<at
    }

    /// Reads a quoted text; the range excludes the quotation marks.
    private mutating func quoted() throws(MissingData) -> (range: Range<Int>, escaped: Bool) {
        try expect(UInt8(ascii: "\""))
        let start = at
        var escaped = false
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "\""):
                at += 1
                return (start..<(at - 1), escaped)
            case UInt8(ascii: "\\"):
                escaped = true
                at += 1
                if at < bytes.count, bytes[at] != UInt8(ascii: "\n") { at += 1 }
            case UInt8(ascii: "\n"):
                throw fault("a text that does not end")
            default:
                at += 1
            }
        }
        throw fault("the page ends inside a line")
    }

    /// Reads the value, an optional timestamp, an optional exemplar, and the end of the line.
    private mutating func value(
        _ index: Int, _ visit: (Int, ExpositionLabels, Double) throws(MissingData) -> Void
    ) throws(MissingData) {
        skipSpace()
        let start = at
        guard let value = number() else { throw noNumber(from: start) }
        skipSpace()
        var time: Double?
        if at < bytes.count, bytes[at] != UInt8(ascii: "\n"), bytes[at] != UInt8(ascii: "#") {
            guard let stamp = number() else { throw fault("no timestamp") }
            time = stamp
            skipSpace()
        }
        if at < bytes.count, bytes[at] == UInt8(ascii: "#") { skipLine(leavingBreak: true) }
        // A number truncated at the end of the page would still be valid.
        guard at < bytes.count else { throw cutOff }
        guard bytes[at] == UInt8(ascii: "\n") else { throw fault("more than a sample") }
        try visit(index, ExpositionLabels(bytes: bytes, entries: labels, time: time), value)
        at += 1
    }

    private var cutOff: MissingData {
        fault("the page ends without a line feed, as if cut off,")
    }

    private func noNumber(from start: Int) -> MissingData {
        let text = String(decoding: bytes[start..<at].prefix(40), as: UTF8.self)
        return fault(text.isEmpty ? "no number" : "no number, but \"\(text)\"")
    }

    private mutating func number() -> Double? {
        skipSpace()
        let start = at
        while at < bytes.count, !Self.isSpace(bytes[at]), bytes[at] != UInt8(ascii: "\n") {
            at += 1
        }
        return Self.number(bytes[start..<at])
    }

    /// Parses decimal numbers, exponents, `NaN` and `+Inf`, as Prometheus does: not hexadecimal
    /// ones, nor the payload of a NaN.
    static func number(_ text: Slice<UnsafeRawBufferPointer>) -> Double? {
        guard !text.isEmpty, text.count <= numberLimit else { return nil }
        if text.count <= 18, text.allSatisfy(isDigit) {
            return Double(text.reduce(Int64(0)) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) })
        }
        return number(String(decoding: text, as: UTF8.self))
    }

    static func number(_ text: String) -> Double? {
        let isPlain = text.utf8.allSatisfy {
            $0 | 0x20 != UInt8(ascii: "x") && $0 != UInt8(ascii: "(")
        }
        return isPlain ? Double(text) : nil
    }

    // MARK: - Bytes

    private mutating func skipSpace() {
        while at < bytes.count, Self.isSpace(bytes[at]) { at += 1 }
    }

    /// Returns false if the page ends in the line.
    @discardableResult
    private mutating func skipLine(leavingBreak: Bool = false) -> Bool {
        guard at < bytes.count, let base = bytes.baseAddress,
            let found = memchr(base + at, Int32(UInt8(ascii: "\n")), bytes.count - at)
        else {
            at = bytes.count
            return false
        }
        at = UnsafeRawPointer(found) - base + (leavingBreak ? 0 : 1)
        return true
    }

    private mutating func expect(_ byte: UInt8) throws(MissingData) {
        guard at < bytes.count, bytes[at] == byte else {
            throw fault("expected \(Character(Unicode.Scalar(byte)))")
        }
        at += 1
    }

    /// The number of the current line, from 1; computed only for errors.
    private var line: Int {
        1 + bytes[..<min(at, bytes.count)].count { $0 == UInt8(ascii: "\n") }
    }

    private func fault(_ words: String) -> MissingData {
        MissingData(.garbage, "\(words) in line \(line)")
    }

    /// Carriage returns count as space, so that pages with CRLF can be read.
    @inline(__always)
    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 9 || byte == 13 }

    @inline(__always)
    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    @inline(__always)
    private static func startsName(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte == UInt8(ascii: "_")
            || byte == UInt8(ascii: ":")
    }
}
