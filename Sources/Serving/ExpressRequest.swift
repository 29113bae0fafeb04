/// One whole HTTP/1.1 request in a buffer, if it is of the plain form that
/// every client sends for a small message: no more and no less than the
/// request, its length stated once, nothing that asks for special treatment.
///
/// Whatever differs in the slightest is not read here but by the full parser,
/// so that there is no second opinion on unclear requests (the root of request
/// smuggling, RFC 9112 §11.2): this reader either sees what the full parser
/// would see or sees nothing.
struct ExpressRequest {
    let method: Range<Int>
    /// A path without query, fragment or percent-encoding.
    let path: Range<Int>
    let host: Range<Int>
    private(set) var authorization: Range<Int>?
    private(set) var contentType: Range<Int>?
    /// Where the header ends and the body begins; the body ends with the buffer.
    let body: Int

    /// Header fields that change how a message is framed, answered or read.
    private static let special: [StaticString] = [
        "transfer-encoding", "content-encoding", "expect", "upgrade", "trailer", "te",
        "http2-settings", "if-match", "if-none-match", "range", "proxy-connection",
    ]

    /// No client sends more for a small message; what the full parser takes is more.
    private static let mostFields = 64
    private static let longestHeader = 8 * 1024

    private static let methods: [StaticString] = ["POST", "GET", "HEAD"]

    /// - Returns: nil for anything but exactly one plain request.
    init?(_ bytes: UnsafeRawBufferPointer) {
        var line = Lines(bytes)
        guard let first = line.next(), let (method, path) = Self.requestLine(first, bytes) else {
            return nil
        }
        var host: Range<Int>?
        var length: Int?
        var fields = 0
        while true {
            guard let field = line.next(), fields <= Self.mostFields else { return nil }
            fields += 1
            if field.isEmpty { break }
            guard let (name, value) = Self.field(field, bytes) else { return nil }
            switch name.count {
            case 4 where bytes.equals("host", name):
                guard host == nil, !value.isEmpty else { return nil }
                host = value
            case 10 where bytes.equals("connection", name):
                guard bytes.equals("keep-alive", value) else { return nil }
            case 12 where bytes.equals("content-type", name):
                guard contentType == nil else { return nil }
                contentType = value
            case 13 where bytes.equals("authorization", name):
                guard authorization == nil else { return nil }
                authorization = value
            case 14 where bytes.equals("content-length", name):
                guard length == nil, let stated = bytes.decimal(value) else { return nil }
                length = stated
            default:
                if Self.special.contains(where: { bytes.equals($0, name) }) { return nil }
            }
        }
        guard let host, bytes.count - line.position == length ?? 0,
            line.position <= Self.longestHeader
        else { return nil }
        self.method = method
        self.path = path
        self.host = host
        body = line.position
    }

    /// `METHOD /path HTTP/1.1`
    private static func requestLine(
        _ line: Range<Int>, _ bytes: UnsafeRawBufferPointer
    ) -> (method: Range<Int>, path: Range<Int>)? {
        guard let gap = bytes[line].firstIndex(of: UInt8(ascii: " ")),
            methods.contains(where: {
                bytes.equals($0, line.lowerBound..<gap, folding: false)
            })
        else { return nil }
        let start = gap + 1
        guard let end = bytes[start..<line.upperBound].firstIndex(of: UInt8(ascii: " ")),
            end > start, bytes[start] == UInt8(ascii: "/"),
            bytes[start..<end].allSatisfy(Self.isPlainPath),
            bytes.equals("HTTP/1.1", end + 1..<line.upperBound, folding: false)
        else { return nil }
        return (line.lowerBound..<gap, start..<end)
    }

    /// `name: value`, blanks before the value left out.
    private static func field(
        _ line: Range<Int>, _ bytes: UnsafeRawBufferPointer
    ) -> (name: Range<Int>, value: Range<Int>)? {
        var at = line.lowerBound
        while at < line.upperBound, isToken(bytes[at]) { at += 1 }
        guard at > line.lowerBound, at < line.upperBound, bytes[at] == UInt8(ascii: ":") else {
            return nil
        }
        let name = line.lowerBound..<at
        let end = line.upperBound
        var start = at + 1
        while start < end, bytes[start] == UInt8(ascii: " ") { start += 1 }
        // Parsers differ on whether blanks at the end belong to the value.
        if start < end, bytes[end - 1] == UInt8(ascii: " ") { return nil }
        // Visible ASCII and blanks; tabs and other bytes are for the full parser.
        for index in start..<end where bytes[index] < 0x20 || bytes[index] > 0x7E { return nil }
        return (name, start..<end)
    }

    private static func isPlainPath(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "-"),
            UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    /// RFC 9110 §5.6.2.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// Lines that end with CRLF; a bare CR or LF ends the reading.
    private struct Lines {
        let bytes: UnsafeRawBufferPointer
        var position = 0

        init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

        /// nil when there is no further whole line.
        mutating func next() -> Range<Int>? {
            let start = position
            var at = start
            while at < bytes.count, bytes[at] != UInt8(ascii: "\r") {
                if bytes[at] == UInt8(ascii: "\n") { return nil }
                at += 1
            }
            guard at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: "\n") else { return nil }
            position = at + 2
            return start..<at
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the bytes there are `word`, which is lower case when letters are folded.
    func equals(_ word: StaticString, _ range: Range<Int>, folding: Bool = true) -> Bool {
        guard word.utf8CodeUnitCount == range.count else { return false }
        for offset in 0..<range.count {
            var byte = self[range.lowerBound + offset]
            if folding, UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte { byte |= 0x20 }
            if byte != word.utf8Start[offset] { return false }
        }
        return true
    }

    /// Up to nine digits and nothing else.
    fileprivate func decimal(_ range: Range<Int>) -> Int? {
        guard 1...9 ~= range.count else { return nil }
        var number = 0
        for index in range {
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= self[index] else { return nil }
            number = number * 10 + Int(self[index] - UInt8(ascii: "0"))
        }
        return number
    }
}
