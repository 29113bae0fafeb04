import Events

/// The data of earlier attempts that the next attempt of a series is judged against.
public struct SeriesHistory: Sendable, Equatable {
    /// The number of healthy attempts that the growth rule uses.
    public static let healthyDepth = 3

    /// The values at the last attempt that measured anything.
    public var previous: MetricValues
    /// The values at the last healthy attempts, oldest first, at most `healthyDepth`.
    public var healthy: [MetricValues]
    public var lastStatus: VerdictStatus?
    /// The policy and binary of this run's last attempt; nil at the start of a run.
    public var policy: String?
    public var binary: String?
    /// Whether this run was measured by more than one policy or binary.
    public var mixed: Bool
    /// The run's evidence for each statistical check, by check id.
    public var evidence: [String: RunEvidence]
    /// The inputs of this run's last measured attempt; nil if they were not stored.
    ///
    /// An attempt in the same window uses them again. The next window starts at
    /// their end.
    public var inputs: WindowInputs?
    /// Data before this time may be of the run before; nil for the first run of a series.
    public var notBefore: Timestamp?

    public init(
        previous: MetricValues = MetricValues(), healthy: [MetricValues] = [],
        lastStatus: VerdictStatus? = nil, policy: String? = nil, binary: String? = nil,
        mixed: Bool = false, evidence: [String: RunEvidence] = [:],
        inputs: WindowInputs? = nil, notBefore: Timestamp? = nil
    ) {
        self.previous = previous
        self.healthy = healthy
        self.lastStatus = lastStatus
        self.policy = policy
        self.binary = binary
        self.mixed = mixed
        self.evidence = evidence
        self.inputs = inputs
        self.notBefore = notBefore
    }

    /// The data that the next attempt judges.
    public enum Next: Sendable, Equatable {
        /// The window was judged before: use the same inputs.
        case frozen(WindowInputs)
        /// A new window: from the end of the run's last one, or a whole cell if there is none.
        case window(MeasurementWindow)
        /// The last whole cell contains data of the run before. Nothing can be measured yet.
        case tooEarly(MeasurementWindow)
    }

    /// Chooses the data of an attempt at `now`, on a grid of cells of `length`.
    ///
    /// The windows of a run neither overlap nor leave gaps, whatever the time
    /// between the attempts.
    public func next(at now: Timestamp, length: Duration, settle: Duration) -> Next {
        let cell = MeasurementWindow(at: now, length: length, settle: settle)
        guard let inputs else {
            return cell.start < notBefore ?? cell.start ? .tooEarly(cell) : .window(cell)
        }
        if cell.end <= inputs.window.end {
            // The last window ends more than a cell ahead: the clock was set back. The same
            // inputs would be used until the clock passes that end again.
            return inputs.window.end - cell.end > length ? .window(cell) : .frozen(inputs)
        }
        return .window(MeasurementWindow(start: inputs.window.end, end: cell.end))
    }

    /// Whether the previous attempt of this run used another policy or binary.
    ///
    /// The caller then reports `comparability.changed`.
    public func changes(policy: String, binary: String) -> Bool {
        (self.policy ?? policy) != policy || (self.binary ?? binary) != binary
    }

    /// Whether an attempt with this policy and binary is comparable with its run.
    public func isComparable(policy: String, binary: String) -> Bool {
        !mixed && !changes(policy: policy, binary: binary)
    }

    /// The metric's values at the last healthy attempts, oldest first.
    public func healthyValues(of metric: String) -> [Double] {
        healthy.compactMap { $0[metric] }
    }

    /// Clears the data of the run, so that the next one is judged on its own. The last status
    /// stays: a healthy attempt after it is a recovery.
    ///
    /// - Parameter end: When the run ended: as a hook reported it, or its last activity.
    mutating func beginRun(after end: Timestamp? = nil) {
        notBefore = end
        previous = MetricValues()
        healthy = []
        policy = nil
        binary = nil
        mixed = false
        evidence = [:]
        inputs = nil
    }

    /// Adds a finished attempt.
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
