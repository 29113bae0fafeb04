/// The configuration and the executable of a node, by their hashes.
///
/// Of two nodes that take turns, the one that follows compares its own with the leader's.
public struct NodeVersion: Sendable, Equatable {
    /// A part of a version, as documents name it.
    public enum Part: String, Sendable, CaseIterable {
        /// What decides verdicts and messages: checks, digests, receivers and routes.
        case policy
        case binary
    }

    /// `sha256:` and 64 hex digits; empty if it is not known.
    public var policy: String
    public var binary: String

    public init(policy: String = "", binary: String = "") {
        self.policy = policy
        self.binary = binary
    }

    /// The parts that are known of both and differ.
    public func differences(from other: NodeVersion) -> [Part] {
        func differ(_ own: String, _ other: String) -> Bool {
            own != other && Self.isKnown(own) && Self.isKnown(other)
        }
        return Part.allCases.filter { part in
            switch part {
            case .policy: differ(policy, other.policy)
            case .binary: differ(binary, other.binary)
            }
        }
    }

    /// An executable that cannot be read has no hash.
    private static func isKnown(_ hash: String) -> Bool {
        !hash.isEmpty && !hash.hasSuffix(":unknown")
    }
}
