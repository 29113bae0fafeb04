import Events

extension GroupTable {
    /// When the next message of the group in slot `place` is due; nil if none is.
    ///
    /// By the notifier's clock, for a reader that is at the log's head. A method of the table,
    /// because it runs often for all groups: a method of the group would copy the group and
    /// retain every object that it references.
    func deadline(of place: Int, _ settings: DigestSettings) -> Timestamp? {
        guard groups[place].live.isFailing else { return nil }
        let saidAt = groups[place].live.saidAt
        let wasTold = groups[place].live.wasTold
        if let window = groups[place].window {
            // A sender's clock may be ahead: then the time of reading counts. It may be
            // behind: then the message is due at once, but not before our own gap ends.
            let first = min(window.opened, window.met) + settings.firstAfter
            guard let saidAt else { return first }
            // A notice does not delay the first failure after it.
            if !groups[place].live.isNoticeOnly, wasTold, !groups[place].live.wasToldOfFailure {
                return first
            }
            return max(first, saidAt + settings.gap(flapping: groups[place].live.isFlapping))
        }
        if let until = groups[place].live.silencedUntil, !wasTold || groups[place].live.hasNews {
            return groups[place].asksAgain ? .longAgo : until
        }
        if groups[place].live.isEcho, groups[place].asksAgain { return .longAgo }
        guard wasTold, let saidAt else { return nil }
        // Reported and unchanged: repeated after `repeatEvery` if it continues,
        // closed after twice that time if no lines arrive. A notice ends after once.
        let isRepeated = groups[place].live.hasNews || groups[place].live.isNoticeOnly
        return saidAt + settings.repeatEvery * (isRepeated ? 1 : 2)
    }
}

extension DigestMachine.OpenWindow {
    /// Until when the window waits for a reader that is behind the log's head.
    func patience(_ settings: DigestSettings) -> Timestamp { met + settings.maxWindow }
}

extension Timestamp {
    /// Later than every other time.
    static let never = Timestamp(milliseconds: .max)
    /// Not later than any time in an event.
    static let longAgo = Timestamp(milliseconds: 0)
}
