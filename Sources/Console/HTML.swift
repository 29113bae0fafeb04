/// Markup, and the only way to it.
///
/// A literal is markup; every text that is put into one is escaped, for an
/// element's content and for an attribute in double quotes alike. There is no
/// way to make markup of a `String`: literals are `StaticString`s.
///
///     let cell: HTML = "<td title=\"\(words)\">\(name)</td>"
public struct HTML: Sendable, ExpressibleByStringInterpolation {
    public typealias StringLiteralType = StaticString

    private(set) var bytes: [UInt8]

    public init(stringLiteral literal: StaticString) {
        bytes = []
        bytes.append(literal)
    }

    public init(stringInterpolation interpolation: Interpolation) { bytes = interpolation.bytes }

    /// Nothing.
    public static var empty: HTML { "" }

    public static func += (page: inout HTML, more: HTML) { page.bytes += more.bytes }

    public var isEmpty: Bool { bytes.isEmpty }

    public struct Interpolation: StringInterpolationProtocol {
        public typealias StringLiteralType = StaticString

        fileprivate var bytes: [UInt8] = []

        public init(literalCapacity: Int, interpolationCount: Int) {
            bytes.reserveCapacity(literalCapacity + interpolationCount * 16)
        }

        public mutating func appendLiteral(_ literal: StaticString) { bytes.append(literal) }

        public mutating func appendInterpolation(_ markup: HTML) { bytes += markup.bytes }

        public mutating func appendInterpolation(_ number: some BinaryInteger) {
            bytes += Array(String(number).utf8)
        }

        /// Text, from anyone.
        public mutating func appendInterpolation(_ text: some StringProtocol) {
            HTML.escape(text, into: &bytes)
        }

        /// One segment of a path, percent-encoded: what is no letter, digit, `-`,
        /// `_` or `.` cannot end the segment, the attribute or the scheme.
        public mutating func appendInterpolation(segment text: String) {
            for byte in text.utf8 {
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                    UInt8(ascii: "."):
                    bytes.append(byte)
                default:
                    let digits = Array("0123456789ABCDEF".utf8)
                    bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
                }
            }
        }
    }

    // MARK: - Escaping

    private static func escape(_ text: some StringProtocol, into bytes: inout [UInt8]) {
        let isPlain = text.utf8.allSatisfy { byte in
            byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "&") && byte != UInt8(ascii: "<")
                && byte != UInt8(ascii: ">") && byte != UInt8(ascii: "\"")
                && byte != UInt8(ascii: "'")
        }
        if isPlain {
            bytes += text.utf8
            return
        }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": bytes.append("&amp;")
            case "<": bytes.append("&lt;")
            case ">": bytes.append("&gt;")
            case "\"": bytes.append("&quot;")
            case "'": bytes.append("&#39;")
            case "\n", "\t": bytes.append(UInt8(scalar.value))
            case let scalar where scalar.isASCII && scalar.value >= 0x20 && scalar.value != 0x7F:
                bytes.append(UInt8(scalar.value))
            default:
                switch scalar.properties.generalCategory {
                // What cannot be seen must not act: controls, bidi and other formatting.
                case .control, .format, .lineSeparator, .paragraphSeparator:
                    bytes += "\u{FFFD}".utf8
                default: bytes += String(scalar).utf8
                }
            }
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ literal: StaticString) {
        literal.withUTF8Buffer { append(contentsOf: $0) }
    }
}

extension Sequence {
    /// Each element's markup, one after the other.
    func markup(_ body: (Element) -> HTML) -> HTML {
        var all = HTML.empty
        for element in self { all += body(element) }
        return all
    }
}

extension Optional {
    /// The markup of a value that is there, else nothing.
    func markup(_ body: (Wrapped) -> HTML) -> HTML { map(body) ?? .empty }
}
