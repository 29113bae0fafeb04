public import Events

// Windows that are due are closed here, and become messages.

extension DigestMachine {
    /// Closes the windows that are due and returns their messages, worst first.
    ///
    /// - Parameter caughtUp: Whether the reader has reached the log's head. Until
    ///   then a window waits, at most `maxWindow`, so that a backlog becomes one
    ///   message.
    /// - Parameter admits: Called before a group's message is composed. If it returns false,
    ///   the group is reset and the message is dropped.
    public mutating func due(
        now: Timestamp, caughtUp: Bool, admits: (GroupKey) -> Bool = { _ in true }
    ) -> [Digest] {
        // Only what is decisive for a receiver does not wait for messages to the others.
        let isSpent = shared.slots(at: now, settings: settings) == 0
        if isSpent, !hasDecisive { return [] }
        revisitSuppressed()
        let open = placesDue(now: now, caughtUp: caughtUp)
        if !isSpent {
            reportToStorms(open, now: now)
            if settings.storm.isOn { formStorms(of: open, now: now) }
        }
        var digests: [Digest] = []
        var decisive: Set<String> = []
        for place in open where table.groups[place].live.storm == nil {
            let isDecisive = isDecisive(place)
            guard isDecisive || !isSpent else { continue }
            guard admits(table.groups[place].live.key) else {
                beginAnew(place)
                continue
            }
            guard let digest = close(place, now: now) else { continue }
            digests.append(digest)
            if isDecisive { decisive.insert(digest.id) }
        }
        if !isSpent { digests += speakOfStorms(now: now, admits: admits) }
        for i in digests.indices { countSuppressed(of: &digests[i]) }
        digests.sort(by: Digest.worstFirst)
        return shared.spend(on: digests, decisive: decisive, now: now, settings: settings)
    }

    /// Whether the group reports for itself that its run ended or a limit is reached.
    private func isDecisive(_ place: Int) -> Bool {
        table.groups[place].window?.urgency == .decisive && table.groups[place].live.storm == nil
    }

    private var hasDecisive: Bool { table.groups.indices.contains { isDecisive($0) } }

    /// The groups whose windows are due, sorted by time, so that a restart closes them in the same
    /// order.
    private func placesDue(now: Timestamp, caughtUp: Bool) -> [Int] {
        var open: [(moment: Timestamp, place: Int)] = []
        for place in table.groups.indices {
            guard let moment = table.deadline(of: place, settings),
                now
                    >= (caughtUp
                        ? moment : table.groups[place].window?.patience(settings) ?? .never)
            else { continue }
            open.append((moment, place))
        }
        open.sort {
            ($0.moment, table.groups[$0.place].live.key.text)
                < ($1.moment, table.groups[$1.place].live.key.text)
        }
        return open.map(\.place)
    }

    /// Resets a group, except `absorbedTo`: its lines are not read again after a restart.
    public mutating func beginAnew(_ key: GroupKey) {
        if let place = table.place(of: key) { beginAnew(place) }
    }

    mutating func beginAnew(_ place: Int) {
        let old = table.groups[place]
        budget.giveBack(old.live)
        var group = Group(GroupState(key: old.live.key, absorbedTo: old.live.absorbedTo))
        group.unstoredFrom = old.unstoredFrom ?? position
        group.isDecided = true
        table.groups[place] = group
        hasClosed = true
    }

    /// When to call `due` next if no line arrives before; nil if no message is pending.
    public var nextDeadline: Timestamp? {
        var first: Timestamp?
        var decisive: Timestamp?
        for place in table.groups.indices {
            guard let moment = table.deadline(of: place, settings) else { continue }
            if isDecisive(place) {
                decisive = min(decisive ?? moment, moment)
            } else {
                first = min(first ?? moment, moment)
            }
        }
        for storm in shared.storms {
            guard let moment = storm.deadline(settings) else { continue }
            first = min(first ?? moment, moment)
        }
        guard let first else { return decisive }
        let next = max(first, shared.openAgain(settings: settings) ?? first)
        return min(decisive ?? next, next)
    }

    /// Closes a group's window and returns its message. Nil if there is nothing to
    /// report, for example because a change was reverted, or if it is held back.
    private mutating func close(_ place: Int, now: Timestamp) -> Digest? {
        var group = table.groups[place]
        guard let incident = group.live.incident else { return nil }
        defer { table.groups[place] = group }
        crowdedUntil = .longAgo
        hasClosed = true
        let window = group.window
        group.window = nil
        group.asksAgain = false
        group.waitsUntil = nil
        // From here on the state differs from the stored one, even without new lines.
        if group.unstoredFrom == nil { group.unstoredFrom = position }
        group.isDecided = true
        // Nobody measures it any more: reported once without a new attempt, then closed.
        let silent =
            window == nil && incident.lastReport != nil
            && (incident.isPaused
                ? incident.outcomeAt.map { now > $0 + Bounds.waiting } ?? true
                : incident.hasNews
                    ? group.live.isUnmeasured(settings)
                    : incident.reminders > 0 || incident.isNoticeOnly)
        let isOver = incident.isOver || silent
        let changes = group.live.changes(settings)
        if window != nil, incident.lastReport != nil, !isOver, changes.isEmpty {
            return nil
        }
        if let acknowledgement = incident.acknowledgement {
            if changes.areWorse || acknowledgement.until <= now {
                group.live.incident?.acknowledgement = nil
            } else if window == nil, !isOver, incident.lastReport != nil, changes.isEmpty,
                incident.silence == nil
            {
                group.live.holdReminder(at: now)
                return nil
            }
        }
        // The end of a notice is not reported.
        if silent, incident.isNoticeOnly, !incident.isPaused {
            group.live.closeIncident(isReported: false)
            return nil
        }
        // Another group reported the fault, and it is over or has no further lines. The end of the
        // run is news of its own.
        if incident.suppressed != nil, incident.lastReport == nil, incident.outcome == nil,
            isOver || (group.live.lastSeen ?? now) + settings.repeatEvery < now
        {
            group.live.closeIncident(isReported: false)
            return nil
        }
        var digest = Digest(
            of: group.live, incident: group.live.incident ?? incident, composedAt: now,
            shed: shared.shed -| group.live.shedReported, silent: silent, settings: settings)
        // A window was open no longer than that, so its lines came late; without one, nothing new came.
        if window != nil, digest.to + settings.maxWindow < now { digest.late = now - digest.to }
        if let cause = reasonToWait(digest, group.live, at: now) {
            hold(digest, back: cause, &group.live, isOver: isOver)
            return nil
        }
        let isDecisive = window?.urgency == .decisive
        if let moment = shared.mayReceive(
            digest.receivers, at: now, settings, isDecisive: isDecisive)
        {
            group.window = window
            group.waitsUntil = moment
            return nil
        }
        if isOver {
            group.live.closeIncident(isReported: true)
        } else {
            let lastReport = group.live.lastReport(settings, to: digest.receivers)
            group.live.settle(lastReport)
        }
        if window.map({ $0.urgency > .gathered }) == true {
            group.live.noteBurst(at: now, settings)
        }
        group.live.saidAt = now
        group.live.heldAt = nil
        group.live.endedInSilence = nil
        group.live.shedReported = shared.shed
        return digest
    }
}
