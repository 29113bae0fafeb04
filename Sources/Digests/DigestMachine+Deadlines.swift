import Events

extension GroupTable {
    /// When the group at `place` should speak next, by the notifier's clock, if the reader keeps
    /// up; nil when it has nothing to tell.
    ///
    /// Asked of all groups, often, and so of the table: a group that is asked itself is copied,
    /// with a count for each thing that it refers to.
    func deadline(of place: Int, _ settings: DigestSettings) -> Timestamp? {
        guard groups[place].live.isFailing else { return nil }
        let saidAt = groups[place].live.saidAt
        let wasTold = groups[place].live.wasTold
        if let window = groups[place].window {
            // A sender's clock may be ahead (then our own meeting counts) or
            // behind (then it is due at once, but paced by our own clock).
            let first = min(window.opened, window.met) + settings.firstAfter
            guard let saidAt else { return first }
            // A notice never holds back the first failure behind it.
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
        // Told and unchanged: again after a while if it goes on, else it has
        // fallen silent and is closed.
        let isRepeated = groups[place].live.hasNews || groups[place].live.isNoticeOnly
        return saidAt + settings.repeatEvery * (isRepeated ? 1 : 2)
    }
}

extension DigestMachine.OpenWindow {
    /// How long the window waits for a reader that is behind.
    func patience(_ settings: DigestSettings) -> Timestamp { met + settings.maxWindow }
}

extension Timestamp {
    /// After every other moment.
    static let never = Timestamp(milliseconds: .max)
    /// Before every moment that events carry.
    static let longAgo = Timestamp(milliseconds: 0)
}
