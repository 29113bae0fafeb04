import Core

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
        self.node = InertText.withoutControls(node).cut(to: Self.maxBytes, .utf8)
        self.az = InertText.withoutControls(az).cut(to: Self.maxBytes, .utf8)
        self.binary = binary
    }
}
