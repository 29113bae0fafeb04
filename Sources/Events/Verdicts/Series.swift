/// The key of a series: measurements with equal keys are attempts of the same analysis.
public struct Series: Sendable, Hashable {
    public var namespace: String
    public var rollout: String
    public var uid: String
    public var revision: String
    public var canaryHash: String
    public var step: String
    /// Empty for the merged route `/rollouts/analysis`.
    public var concern: String

    public init(
        namespace: String, rollout: String, uid: String = "", revision: String = "",
        canaryHash: String = "", step: String = "", concern: String = ""
    ) {
        self.namespace = namespace
        self.rollout = rollout
        self.uid = uid
        self.revision = revision
        self.canaryHash = canaryHash
        self.step = step
        self.concern = concern
    }

    /// The first 16 hex digits of SHA-256 over the parts joined by NUL, in the
    /// order namespace, rollout, uid, revision, pod-template-hash, step, concern.
    public var id: String {
        Self.id(of: [namespace, rollout, uid, revision, canaryHash, step, concern])
    }

    /// Computes the same id over any list of parts.
    public static func id(of parts: [String]) -> String {
        var joined = ""
        joined.reserveCapacity(parts.reduce(parts.count) { $0 + $1.utf8.count })
        for (index, part) in parts.enumerated() {
            if index > 0 { joined += "\0" }
            joined += part
        }
        return joined.withUTF8 { ContentHash.shortHex(UnsafeRawBufferPointer($0)) }
    }
}
