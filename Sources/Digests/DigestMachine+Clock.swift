public import Events

extension DigestMachine {
    /// The notifier's clock was set by `step`: what waits goes on waiting as long as before.
    ///
    /// Moves only what the machine measures by its own clock. The times that lines carry,
    /// and the ends of silences, which people set by their own, stay.
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
        // To be made durable at once, else a restart would not come to the same moments.
        hasClosed = true
    }

    /// What was stored by a clock that was ahead of `now` counts as done now: without it a
    /// group would wait until the clock is there again.
    public mutating func forgetFuture(of now: Timestamp) {
        shared.windowStart = min(shared.windowStart, now)
        for place in table.groups.indices {
            guard let saidAt = table.groups[place].live.saidAt, saidAt > now else { continue }
            table.groups[place].live.saidAt = now
        }
    }
}
