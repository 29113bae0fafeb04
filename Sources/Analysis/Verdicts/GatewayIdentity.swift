/// The node that measured, with its zone and its binary.
public struct GatewayIdentity: Sendable, Hashable {
    /// The longest node or zone name in the document, in bytes.
    public static let maxBytes = 255

    public let node: String
    public let az: String
    /// `sha256:` and the SHA-256 of the executable.
    public let binary: String

    /// Cuts names to `maxBytes` and removes control characters, so that the size
    /// of a document is bounded.
    public init(node: String, az: String, binary: String) {
        self.node = node.withoutControls.clipped(toBytes: Self.maxBytes)
        self.az = az.withoutControls.clipped(toBytes: Self.maxBytes)
        self.binary = binary
    }
}

extension String {
    var withoutControls: String {
        String(
            String.UnicodeScalarView(unicodeScalars.filter { $0.value >= 0x20 && $0 != "\u{7F}" }))
    }

    /// The longest prefix of whole characters with at most `limit` bytes.
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
