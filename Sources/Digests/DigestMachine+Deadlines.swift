import Events

extension DigestMachine.Group {
    /// When the group should speak next, by the notifier's clock, if the
    /// reader keeps up; nil when it has nothing to tell.
    func deadline(_ settings: DigestSettings) -> Timestamp? {
        guard live.isFailing else { return nil }
        if let window {
            // A sender's clock may be ahead (then our own meeting counts) or
            // behind (then it is due at once, but paced by our own clock).
            let first = min(window.opened, window.met) + settings.firstAfter
            guard let saidAt = live.saidAt else { return first }
            // A notice never holds back the first failure behind it.
            if !live.isNoticeOnly, live.wasTold, !live.wasToldOfFailure { return first }
            return max(first, saidAt + settings.gap(flapping: live.isFlapping))
        }
        if let until = live.silencedUntil, !live.wasTold || live.hasNews {
            return asksAgain ? .longAgo : until
        }
        if live.isEcho, asksAgain { return .longAgo }
        guard live.wasTold, let saidAt = live.saidAt else { return nil }
        // Told and unchanged: again after a while if it goes on, else it has
        // fallen silent and is closed.
        return saidAt + settings.repeatEvery * (live.hasNews || live.isNoticeOnly ? 1 : 2)
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
