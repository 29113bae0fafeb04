import Events

extension AttemptLedger {
    /// The clock that `begin` is given was set by `step`: attempts and runs are told apart
    /// by the time that passed, not by the clock's jump.
    ///
    /// The data of the last attempt is forgotten: by its window's end, in the old time, the
    /// next one would be judged on the same data until the clock is there again.
    public mutating func clockSet(by step: Duration) {
        for series in states.keys {
            states[series]?.clockSet(by: step)
            changed.insert(series)
        }
        for series in inFlight.keys { inFlight[series]?.clockSet(by: step) }
    }

    /// What was written by a clock that was ahead of `now` happened now.
    public mutating func forgetFuture(of now: Timestamp) {
        for (series, state) in states where state.heardAt > now {
            states[series]?.heardAt = now
        }
    }
}

extension SeriesState {
    fileprivate mutating func clockSet(by step: Duration) {
        heardAt = heardAt + step
        unmeasuredAt = unmeasuredAt.map { $0 + step }
        if let measuredAt = frozen?.measuredAt { frozen?.measuredAt = measuredAt + step }
        history.inputs = nil
    }
}
