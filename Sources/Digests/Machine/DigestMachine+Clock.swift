public import Events

extension DigestMachine {
    /// Shifts the machine's times by `step`, after the notifier's clock was set by it.
    ///
    /// Open windows and pauses then last as long as before. Other times from log lines, and
    /// the ends of silences, which people set, do not change.
    public mutating func clockSet(by step: Duration) {
        shared.windowStart = shared.windowStart + step
        for place in table.groups.indices {
            if let window = table.groups[place].window {
                table.groups[place].window = OpenWindow(
                    opened: window.opened + step, met: window.met + step)
            }
            guard let saidAt = table.groups[place].live.saidAt else { continue }
            table.groups[place].live.saidAt = saidAt + step
            if table.groups[place].unstoredFrom == nil {
                table.groups[place].unstoredFrom = position
            }
        }
        // Requires a checkpoint at once; otherwise a restart would use the old times.
        hasClosed = true
    }

    /// Sets stored times that are later than `now` to `now`.
    ///
    /// They were stored while the clock was ahead. Groups would wait until the clock passes
    /// them again.
    public mutating func forgetFuture(of now: Timestamp) {
        shared.windowStart = min(shared.windowStart, now)
        for place in table.groups.indices {
            guard let saidAt = table.groups[place].live.saidAt, saidAt > now else { continue }
            table.groups[place].live.saidAt = now
        }
    }
}
