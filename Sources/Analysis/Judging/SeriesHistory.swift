import Events

/// What earlier attempts of a series left for the next one to be judged against.
public struct SeriesHistory: Sendable, Equatable {
    /// How many healthy attempts the growth rule looks back on.
    public static let healthyDepth = 3

    /// The metrics at the last attempt that measured anything.
    public var previous: MetricValues
    /// The metrics of the last healthy attempts, oldest first, at most `healthyDepth`.
    public var healthy: [MetricValues]
    public var lastStatus: VerdictStatus?
    /// The policy and binary of the last attempt of this run; nil at a run's start.
    public var policy: String?
    public var binary: String?
    /// Whether this run was already measured by two policies or binaries.
    public var mixed: Bool
    /// The run's evidence against each statistical check, by check id.
    public var evidence: [String: RunEvidence]

    public init(
        previous: MetricValues = MetricValues(), healthy: [MetricValues] = [],
        lastStatus: VerdictStatus? = nil, policy: String? = nil, binary: String? = nil,
        mixed: Bool = false, evidence: [String: RunEvidence] = [:]
    ) {
        self.previous = previous
        self.healthy = healthy
        self.lastStatus = lastStatus
        self.policy = policy
        self.binary = binary
        self.mixed = mixed
        self.evidence = evidence
    }

    /// Whether the attempt before, in the same run, was measured by another
    /// policy or binary: the moment to tell `comparability.changed`.
    public func changes(policy: String, binary: String) -> Bool {
        (self.policy ?? policy) != policy || (self.binary ?? binary) != binary
    }

    /// Whether an attempt measured with these can be compared with its run.
    public func isComparable(policy: String, binary: String) -> Bool {
        !mixed && !changes(policy: policy, binary: binary)
    }

    /// The metric's values at the last healthy attempts, oldest first.
    public func healthyValues(of metric: String) -> [Double] {
        healthy.compactMap { $0[metric] }
    }

    /// Forgets what belongs to one run; values and status of the series stay.
    mutating func beginRun() {
        policy = nil
        binary = nil
        mixed = false
        evidence = [:]
    }

    /// Takes in a finished attempt.
    mutating func append(_ record: AttemptRecord) {
        mixed = !isComparable(policy: record.policy, binary: record.binary)
        policy = record.policy
        binary = record.binary
        if record.measured { previous = record.values }
        lastStatus = record.verdict.status
        if record.verdict.status == .healthy {
            healthy.append(record.values)
            if healthy.count > Self.healthyDepth { healthy.removeFirst() }
        }
        for (check, step) in record.evidence { evidence[check, default: RunEvidence()].fold(step) }
    }
}
