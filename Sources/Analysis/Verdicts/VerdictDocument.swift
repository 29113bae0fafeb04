import Core
import Events
import JSON

/// The answer to a measurement: bytes that depend only on the attempt.
///
/// They contain no current time and no age, so every repeat is identical. They
/// are one complete JSON object with every documented field, `null` where it is
/// unknown, at most `maxBytes` long.
public struct VerdictDocument: Sendable, Equatable {
    /// An AnalysisRun stores ten of these, and etcd limits its size.
    public static let maxBytes = 4096

    public let bytes: [UInt8]
    /// SHA-256 of the bytes, 64 hex digits.
    public let digest: String

    /// The digest as a strong entity tag.
    public var etag: String { "\"\(digest)\"" }

    /// The line for people; empty in a document of an older version.
    public var summary: String {
        let limits = JSONLimits(maxBytes: max(bytes.count, 1), maxDepth: 16)
        return (try? JSONValue(parsing: bytes, limits: limits))?["summary"]?.string ?? ""
    }

    init(bytes: [UInt8]) {
        // Drops the writer's spare capacity: thousands of these stay in memory.
        self.bytes = bytes.withUnsafeBufferPointer { Array($0) }
        digest = ContentHash.hex(bytes)
    }

    /// The document read back from an event or a checkpoint of this node.
    init(tree: JSONValue) {
        var writer = JSONWriter(capacity: 1024)
        writer.value(tree)
        self.init(bytes: writer.bytes)
    }

    /// - Parameters:
    ///   - concern: Empty for the merged route, shown as `all`.
    ///   - signals: The signals of the probes. All are shown, judged or not.
    ///   - event: The id of the event that records the verdict.
    ///   - scope: By what the probes select data; the first `ProbeScope.most` are shown.
    public init(
        _ judgement: Judgement, request: MeasurementRequest, concern: String,
        attempt: AttemptNumber, signals: [Signal], gateway: GatewayIdentity,
        window: MeasurementWindow, event: String, policy: Policy, scope: [ProbeScope] = []
    ) {
        let content = VerdictContent(
            judgement: judgement, request: request, concern: concern, attempt: attempt,
            signals: SignalBoard(signals), gateway: gateway, window: window, event: event,
            policy: policy, scope: scope)
        self.init(bytes: content.fitted(to: Self.maxBytes))
    }
}

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
