public import Events

extension DigestMachine {
    /// Shifts the machine's times by `step`, after the notifier's clock was set by it.
    ///
    /// Open windows and pauses then last as long as before. Other times from log lines, and
    /// the ends of silences, which people set, do not change.
    public mutating func clockSet(by step: Duration) {
        shared.windowStart = shared.windowStart + step
        shared.shift { $0 + step }
        for place in table.groups.indices {
            if let window = table.groups[place].window {
                table.groups[place].window = OpenWindow(
                    opened: window.opened + step, met: window.met + step,
                    urgency: window.urgency, urgentFrom: window.urgentFrom.map { $0 + step },
                    urgentMet: window.urgentMet.map { $0 + step })
            }
            table.groups[place].waitsUntil = table.groups[place].waitsUntil.map { $0 + step }
            guard let saidAt = table.groups[place].live.saidAt else { continue }
            table.groups[place].live.saidAt = saidAt + step
            table.groups[place].live.burstFrom = table.groups[place].live.burstFrom.map {
                $0 + step
            }
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
        shared.shift { min($0, now) }
        for place in table.groups.indices {
            guard let saidAt = table.groups[place].live.saidAt, saidAt > now else { continue }
            table.groups[place].live.saidAt = now
            table.groups[place].live.burstFrom = table.groups[place].live.burstFrom.map {
                min($0, now)
            }
        }
    }
}

extension SharedState {
    /// Changes the times of messages.
    fileprivate mutating func shift(_ change: (Timestamp) -> Timestamp) {
        crowded = crowded.mapValues(change)
        recentMessages = recentMessages.mapValues { messages in
            messages.map { RecentMessage(at: change($0.at), thread: $0.thread, groups: $0.groups) }
        }
        for index in storms.indices {
            storms[index].saidAt = storms[index].saidAt.map(change)
            storms[index].waitsUntil = storms[index].waitsUntil.map(change)
        }
    }
}
