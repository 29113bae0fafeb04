import Events
import JSONScan

/// A caller's question: how is this rollout's canary?
public struct MeasurementRequest: Sendable, Equatable {
    /// The largest body and the largest query, 64 KiB, and the deepest nesting.
    public static let limits = JSONLimits(maxBytes: 64 * 1024, maxDepth: 16)
    /// The largest attempt number that a caller may state.
    public static let maxAttempt = 1_000_000_000
    /// The largest `count` and `failureLimit` that are believed.
    public static let maxRun = 1_000_000

    public var rollout: String
    public var namespace = "default"
    // Empty when not given.
    public var uid = ""
    public var revision = ""
    public var canaryHash = ""
    public var step = ""
    public var metric = ""
    /// From 1, when the caller knows it.
    public var attempt: Int?
    /// How many measurements the caller's run makes (Argo's `count`), when it says so.
    public var count: Int?
    /// How many failures the caller's run forgives (Argo's `failureLimit`), when it says so.
    public var failureLimit: Int?

    public init(
        rollout: String, namespace: String = "default", uid: String = "", revision: String = "",
        canaryHash: String = "", step: String = "", metric: String = "", attempt: Int? = nil,
        count: Int? = nil, failureLimit: Int? = nil
    ) {
        self.rollout = rollout
        self.namespace = namespace
        self.uid = uid
        self.revision = revision
        self.canaryHash = canaryHash
        self.step = step
        self.metric = metric
        self.attempt = attempt
        self.count = count
        self.failureLimit = failureLimit
    }

    /// What this request measures. `concern` is empty for the merged route;
    /// the metric's name is not part of it, so that the metrics of one analysis
    /// run share their attempts.
    public func series(concern: String = "") -> Series {
        Series(
            namespace: namespace, rollout: rollout, uid: uid, revision: revision,
            canaryHash: canaryHash, step: step, concern: concern)
    }

    /// What refusals after parsing (credential, rate limit) tell of it.
    public var readable: ReadableRequest {
        ReadableRequest(
            namespace: namespace, rollout: rollout, revision: revision.isEmpty ? nil : revision,
            attempt: attempt)
    }
}
