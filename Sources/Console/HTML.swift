/// HTML markup. Text that is interpolated into it is always escaped.
///
/// Literals are markup. Interpolated text is escaped so that it is safe both as an element's
/// content and in an attribute in double quotes. A `String` cannot become markup, because
/// literals are `StaticString`s.
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

    /// Empty markup.
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

        /// Appends untrusted text, escaped.
        public mutating func appendInterpolation(_ text: some StringProtocol) {
            HTML.escape(text, into: &bytes)
        }

        /// Appends one path segment. All bytes but ASCII letters, digits, `-`, `_` and `.` are
        /// percent-encoded, so the text cannot end the segment or the attribute.
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
                // Invisible characters must not affect the text around them: controls, bidi and
                // other formatting.
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
    /// Concatenates the markup of all elements.
    func markup(_ body: (Element) -> HTML) -> HTML {
        var all = HTML.empty
        for element in self { all += body(element) }
        return all
    }
}

extension Optional {
    /// Returns the markup of the value, or empty markup for nil.
    func markup(_ body: (Wrapped) -> HTML) -> HTML { map(body) ?? .empty }
}
