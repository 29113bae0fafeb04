/// Who measured: the node, its zone, and the binary that runs on it.
public struct GatewayIdentity: Sendable, Hashable {
    /// The longest node or zone name that the document shows.
    public static let maxBytes = 255

    public let node: String
    public let az: String
    /// `sha256:` and the SHA-256 of the executable.
    public let binary: String

    /// Names longer than `maxBytes` are cut, and control characters left out,
    /// so that every document has a bound.
    public init(node: String, az: String, binary: String) {
        self.node = node.withoutControls.clipped(toBytes: Self.maxBytes)
        self.az = az.withoutControls.clipped(toBytes: Self.maxBytes)
        self.binary = binary
    }
}

extension String {
    fileprivate var withoutControls: String {
        String(
            String.UnicodeScalarView(unicodeScalars.filter { $0.value >= 0x20 && $0 != "\u{7F}" }))
    }

    /// The longest beginning of at most `limit` bytes that ends between characters.
    func clipped(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var bytes = 0
        return String(
            prefix { character in
                bytes += character.utf8.count
                return bytes <= limit
            })
    }
}
