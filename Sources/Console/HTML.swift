import Core

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
            bytes += InertText.html(text).utf8
        }

        /// Appends one path segment. All but unreserved bytes are percent-encoded,
        /// so the text cannot end the segment or the attribute.
        public mutating func appendInterpolation(segment text: String) {
            bytes += PercentCoding.encode(text).utf8
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
