import Events
import JSON

/// A caller's request to measure the canary of a rollout.
public struct MeasurementRequest: Sendable, Equatable {
    /// The limits of a body and of a query: 64 KiB, 16 levels of nesting.
    public static let limits = JSONLimits(maxBytes: 64 * 1024, maxDepth: 16)
    /// The largest attempt number that a caller may send.
    public static let maxAttempt = 1_000_000_000
    /// The largest `count`, `failureLimit` and `inconclusiveLimit`; larger ones are ignored.
    public static let maxRun = 1_000_000

    /// The members of a body and of a query that are read; all others are ignored.
    public static let members: [String] = RequestFields.Name.allCases.map(\.rawValue)

    public var rollout: String
    public var namespace = "default"
    // Empty if not given.
    public var uid = ""
    public var revision = ""
    public var canaryHash = ""
    public var stableHash = ""
    public var step = ""
    public var metric = ""
    /// From 1; nil if the caller does not send it.
    public var attempt: Int?
    /// The number of measurements in the caller's run (Argo's `count`); nil if not sent.
    public var count: Int?
    /// The failures that the caller's run tolerates (Argo's `failureLimit`); nil if not sent.
    public var failureLimit: Int?
    /// The unknown and degraded verdicts that it tolerates (Argo's `inconclusiveLimit`); nil if
    /// not sent.
    public var inconclusiveLimit: Int?
    /// The canary's share of the traffic in percent; nil if not sent.
    public var weight: Int?

    public init(
        rollout: String, namespace: String = "default", uid: String = "", revision: String = "",
        canaryHash: String = "", stableHash: String = "", step: String = "", metric: String = "",
        attempt: Int? = nil, count: Int? = nil, failureLimit: Int? = nil,
        inconclusiveLimit: Int? = nil, weight: Int? = nil
    ) {
        self.rollout = rollout
        self.namespace = namespace
        self.uid = uid
        self.revision = revision
        self.canaryHash = canaryHash
        self.stableHash = stableHash
        self.step = step
        self.metric = metric
        self.attempt = attempt
        self.count = count
        self.failureLimit = failureLimit
        self.inconclusiveLimit = inconclusiveLimit
        self.weight = weight
    }

    /// The metric's name that `parity` sends.
    public static let trialMetric = "parity"

    /// Whether the caller only compares answers: no rollout acts on the verdict.
    public var isTrial: Bool { metric == Self.trialMetric }

    /// The series that this request measures; `concern` is empty for the merged route.
    ///
    /// The metric's name is not part of it, so that the metrics of one analysis
    /// run share their attempts.
    public func series(concern: String = "") -> Series {
        Series(
            namespace: namespace, rollout: rollout, uid: uid, revision: revision,
            canaryHash: canaryHash, step: step, concern: concern)
    }

    /// The fields that events of later refusals (credential, rate limit) contain.
    public var readable: ReadableRequest {
        ReadableRequest(
            namespace: namespace, rollout: rollout, revision: revision.isEmpty ? nil : revision,
            attempt: attempt)
    }
}
