import Events

extension GroupTable {
    /// When the next message of the group in slot `place` is due; nil if none is.
    ///
    /// By the notifier's clock, for a reader that is at the log's head. A method of the table,
    /// because it runs often for all groups: a method of the group would copy the group and
    /// retain every object that it references.
    func deadline(of place: Int, _ settings: DigestSettings) -> Timestamp? {
        guard groups[place].live.isFailing else { return nil }
        if groups[place].live.storm != nil {
            // The storm reports it, in its own time.
            return groups[place].window.map {
                ($0.urgentFrom ?? min($0.opened, $0.met)) + Bounds.gathering
            }
        }
        guard let moment = ownDeadline(of: place, settings) else { return nil }
        return groups[place].waitsUntil.map { max($0, moment) } ?? moment
    }

    private func ownDeadline(of place: Int, _ settings: DigestSettings) -> Timestamp? {
        let saidAt = groups[place].live.saidAt
        let wasReported = groups[place].live.wasReported
        if let window = groups[place].window {
            let gathered = gatheredDeadline(of: place, window, settings)
            guard let urgentFrom = window.urgentFrom else { return gathered }
            let soon = min(urgentFrom + Bounds.gathering, gathered)
            if window.urgency == .escalation, groups[place].live.burst >= Bounds.burst,
                let burstFrom = groups[place].live.burstFrom
            {
                return max(soon, min(gathered, burstFrom + settings.window))
            }
            return soon
        }
        if let until = groups[place].live.silencedUntil, !wasReported || groups[place].live.hasNews
        {
            return groups[place].asksAgain ? .longAgo : until
        }
        if groups[place].live.isSuppressed, groups[place].asksAgain { return .longAgo }
        guard wasReported, let saidAt else { return nil }
        // Reported and unchanged: reported again, also if no lines arrive. A notice ends instead.
        guard let heldAt = groups[place].live.heldAt else { return saidAt + settings.repeatEvery }
        // While somebody looks after it, it only ends if it is no longer measured.
        let next = heldAt + settings.repeatEvery
        return groups[place].live.acknowledgedUntil.map { min(next, $0) } ?? next
    }

    /// When a window is due that holds nothing urgent.
    private func gatheredDeadline(
        of place: Int, _ window: DigestMachine.OpenWindow, _ settings: DigestSettings
    ) -> Timestamp {
        // A sender's clock may be ahead: then the time of reading counts. It may be
        // behind: then the message is due at once, but not before our own gap ends.
        let first = min(window.opened, window.met) + settings.firstAfter
        guard let saidAt = groups[place].live.saidAt else { return first }
        // Neither a notice nor an incident that is over delays the first failure after it.
        if !groups[place].live.isNoticeOnly,
            groups[place].live.wasReported
                ? !groups[place].live.wasFailureReported : !groups[place].live.isFlapping
        {
            return first
        }
        return max(first, saidAt + settings.gap(flapping: groups[place].live.isFlapping))
    }
}

extension DigestMachine.OpenWindow {
    /// Until when the window waits for a reader that is behind the log's head.
    func patience(_ settings: DigestSettings) -> Timestamp {
        guard let urgentMet else { return met + settings.maxWindow }
        return min(met + settings.maxWindow, urgentMet + Bounds.patience)
    }
}

extension Timestamp {
    /// Later than every other time.
    static let never = Timestamp(milliseconds: .max)
    /// Not later than any time in an event.
    static let longAgo = Timestamp(milliseconds: 0)
}
