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
    /// What the last attempt of this run was judged on, when it measured
    /// anything: judged again within the same window, and where the next begins.
    public var inputs: WindowInputs?

    public init(
        previous: MetricValues = MetricValues(), healthy: [MetricValues] = [],
        lastStatus: VerdictStatus? = nil, policy: String? = nil, binary: String? = nil,
        mixed: Bool = false, evidence: [String: RunEvidence] = [:],
        inputs: WindowInputs? = nil
    ) {
        self.previous = previous
        self.healthy = healthy
        self.lastStatus = lastStatus
        self.policy = policy
        self.binary = binary
        self.mixed = mixed
        self.evidence = evidence
        self.inputs = inputs
    }

    /// What an attempt at `now` judges.
    public enum Next: Sendable, Equatable {
        /// The window was judged already: the same inputs count.
        case frozen(WindowInputs)
        /// From where the run's last window ended, or a whole cell at its start.
        case window(MeasurementWindow)
    }

    /// The data of an attempt at `now` on a grid of cells of `length`: nothing
    /// of a run is judged twice or left out, however regularly it is measured.
    public func next(at now: Timestamp, length: Duration, settle: Duration) -> Next {
        let cell = MeasurementWindow(at: now, length: length, settle: settle)
        guard let inputs else { return .window(cell) }
        if cell.end <= inputs.window.end {
            // Judged a whole cell ahead: the clock was set back, and the same data would
            // count until it is there again.
            return inputs.window.end - cell.end > length ? .window(cell) : .frozen(inputs)
        }
        return .window(MeasurementWindow(start: inputs.window.end, end: cell.end))
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
        inputs = nil
    }

    /// Takes in a finished attempt.
    mutating func append(_ record: AttemptRecord) {
        mixed = !isComparable(policy: record.policy, binary: record.binary)
        policy = record.policy
        binary = record.binary
        if record.measured {
            previous = record.values
            inputs = record.inputs
        }
        lastStatus = record.verdict.status
        if record.verdict.status == .healthy {
            healthy.append(record.values)
            if healthy.count > Self.healthyDepth { healthy.removeFirst() }
        }
        for (check, step) in record.evidence { evidence[check, default: RunEvidence()].fold(step) }
    }
}
