import Events

/// What the ledger keeps of one series.
struct SeriesState: Sendable, Equatable {
    /// The run, from 1; 0 before the first.
    var epoch = 0
    /// Attempts completed in this run.
    var attempts = 0
    /// The last attempt's answer, in this run.
    var frozen: FrozenVerdict?
    /// When the run was last active: its start, its last attempt, its last refusal.
    var heardAt: Timestamp
    /// Measurements in a row that could not be made, and when the last of them was counted.
    var unmeasured = 0
    var unmeasuredAt: Timestamp?
    var history = SeriesHistory()

    mutating func beginRun(_ epoch: Int, at now: Timestamp) {
        self.epoch = epoch
        attempts = 0
        frozen = nil
        heardAt = now
        unmeasured = 0
        unmeasuredAt = nil
        history.beginRun()
    }

    mutating func append(_ record: AttemptRecord) {
        attempts = record.verdict.number.n
        frozen = record.verdict
        heardAt = record.verdict.measuredAt
        if record.measured {
            unmeasured = 0
            unmeasuredAt = nil
        }
        history.append(record)
    }

    /// Counts a measurement that could not be made; asking again at once is the same one.
    mutating func countUnmeasured(at now: Timestamp, timing: AttemptTiming) {
        if let last = unmeasuredAt, timing.isRepeat(of: last, at: now) { return }
        unmeasured = Count(clamping: unmeasured + 1).value
        unmeasuredAt = now
        heardAt = now
    }
}
