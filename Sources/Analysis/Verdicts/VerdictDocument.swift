import Events
import JSONScan

/// The answer to a measurement: bytes that depend on the attempt alone.
///
/// No clock and no age is in them, so every repeat is the same bytes. Always
/// one complete JSON object with every documented field, `null` where nothing
/// is known, at most `maxBytes` long.
public struct VerdictDocument: Sendable, Equatable {
    /// Ten of these are kept in one AnalysisRun, which etcd bounds.
    public static let maxBytes = 4096

    public let bytes: [UInt8]
    /// SHA-256 of the bytes, 64 hex digits.
    public let digest: String

    /// The digest as a strong entity tag.
    public var etag: String { "\"\(digest)\"" }

    init(bytes: [UInt8]) {
        // Without the writer's spare room: thousands are kept.
        self.bytes = bytes.withUnsafeBufferPointer { Array($0) }
        digest = ContentHash.hex(bytes)
    }

    /// The document as an event of ours carried it.
    init(tree: JSONValue) {
        var writer = JSONWriter(capacity: 1024)
        writer.value(tree)
        self.init(bytes: writer.bytes)
    }

    /// - Parameters:
    ///   - concern: Empty for the merged route, shown as `all`.
    ///   - signals: What the probes saw; shown whether a check judges it or not.
    public init(
        _ judgement: Judgement, request: MeasurementRequest, concern: String,
        attempt: AttemptNumber, signals: [Signal], gateway: GatewayIdentity,
        window: MeasurementWindow, policy: Policy
    ) {
        let content = VerdictContent(
            judgement: judgement, request: request, concern: concern, attempt: attempt,
            signals: SignalBoard(signals), gateway: gateway, window: window, policy: policy.sha)
        self.init(bytes: content.fitted(to: Self.maxBytes))
    }
}
