import Events

extension AttemptLedger {
    /// Shifts all stored times by `step`, after the system clock was set by it.
    ///
    /// Attempts and runs then still follow the elapsed time, not the jump of the clock. Drops
    /// the inputs of the last attempt, whose window ends in the old time: after a step back, new
    /// attempts would use them until the clock passes that end again.
    public mutating func clockSet(by step: Duration) {
        for series in states.keys {
            states[series]?.clockSet(by: step)
            changed.insert(series)
        }
        for series in inFlight.keys { inFlight[series]?.clockSet(by: step) }
    }

    /// Sets the times of the runs to `now` where they are later: they were stored while the
    /// clock was ahead.
    public mutating func forgetFuture(of now: Timestamp) {
        for series in states.keys { states[series]?.forgetFuture(of: now) }
    }
}

extension SeriesState {
    fileprivate mutating func clockSet(by step: Duration) {
        requestedAt = requestedAt + step
        unmeasuredAt = unmeasuredAt.map { $0 + step }
        began = began + step
        ended = ended.map { $0 + step }
        attemptedAt = attemptedAt.map { $0 + step }
        history.notBefore = history.notBefore.map { $0 + step }
        if let measuredAt = frozen?.measuredAt { frozen?.measuredAt = measuredAt + step }
        history.inputs = nil
    }

    fileprivate mutating func forgetFuture(of now: Timestamp) {
        requestedAt = min(requestedAt, now)
        began = min(began, now)
        ended = ended.map { min($0, now) }
        // Else nothing would be measured until the clock passes that time again.
        history.notBefore = history.notBefore.map { min($0, now) }
    }
}
