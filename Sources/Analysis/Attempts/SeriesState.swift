import Events

/// The ledger's state of one series.
struct SeriesState: Sendable, Equatable {
    /// The number of the run, from 1; 0 before the first.
    var epoch = 0
    /// The number of the last completed attempt of this run; 0 before the first.
    var attempts = 0
    /// The answer of the last attempt of this run.
    var frozen: FrozenVerdict?
    /// The last activity of the run: its start, an attempt or a refusal.
    var requestedAt: Timestamp
    /// When the run began.
    var began = Timestamp(milliseconds: 0)
    /// When a hook reported the end of the run; nil while it is under way.
    var ended: Timestamp?
    /// What is measured; nil if an older version stored the series.
    var subject: RunSubject?
    /// The last completed attempt of any run, and the time between it and the one before.
    var attemptedAt: Timestamp?
    var gap: Duration?
    /// The shorter of the last two gaps: a single long one is a pause, not the caller's pace.
    var pace: Duration?
    /// The number of consecutive measurements that failed.
    var unmeasured = 0
    /// When the last of them was counted.
    var unmeasuredAt: Timestamp?
    var history = SeriesHistory()

    mutating func beginRun(_ epoch: Int, at now: Timestamp) {
        // Without a hook, the run before ended at some time after its last activity.
        let end = ended ?? (self.epoch > 0 ? requestedAt : nil)
        self.epoch = epoch
        began = now
        ended = nil
        attempts = 0
        frozen = nil
        requestedAt = now
        unmeasured = 0
        unmeasuredAt = nil
        history.beginRun(after: end)
    }

    /// Whether a request at `now` begins a new run.
    func isOver(at now: Timestamp, timing: AttemptTiming) -> Bool {
        epoch == 0 || ended != nil || timing.isSilent(since: requestedAt, pace: pace, at: now)
    }

    mutating func append(_ record: AttemptRecord) {
        attempts = record.verdict.number.n
        frozen = record.verdict
        requestedAt = record.verdict.measuredAt
        let last = gap
        gap = attemptedAt.map { max(record.verdict.measuredAt - $0, .zero) }
        pace = last.flatMap { last in gap.map { min($0, last) } }
        attemptedAt = record.verdict.measuredAt
        if record.measured {
            unmeasured = 0
            unmeasuredAt = nil
        }
        history.append(record)
    }

    /// Counts a measurement that failed. A repeat within the repeat window is not counted.
    mutating func countUnmeasured(at now: Timestamp, timing: AttemptTiming) {
        if let last = unmeasuredAt, timing.isRepeat(of: last, at: now) { return }
        unmeasured = Count(clamping: unmeasured + 1).value
        unmeasuredAt = now
        requestedAt = now
    }
}
