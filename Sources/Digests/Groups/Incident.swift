import Events

/// A failure of a group, from its first line until it recovers, ends or stops.
struct Incident: Sendable, Hashable {
    /// Hash of the group and of the first line: the thread of the incident's messages.
    let id: String
    let start: Timestamp
    /// The number of messages so far.
    var ordinal = 0
    var attempts = AttemptTally()
    /// The worst verdict; nil if there were only notices so far.
    var worst: VerdictStatus?
    /// The number of lines since the start.
    var events = 0
    /// The number of lines since the last message.
    var unreported = 0
    /// The earliest and the latest time of these lines.
    var unreportedFrom: Timestamp?
    var unreportedTo: Timestamp?
    var reasons: [ReasonTally] = []
    var omittedReasons = 0
    var notices: [NoticeCounts] = []
    var omittedNotices = 0
    /// The number of lines from places that are not tracked, because there are too many.
    var omittedLines = 0
    /// The last failure of a place or a concern that is not tracked, because there are too many.
    var untracked: Untracked?
    /// Distinct hashes in order of appearance.
    var policies: [String] = []
    var binaries: [String] = []
    var flapping = false
    /// Whether it is part of a rollback rehearsal.
    var isRehearsal = false
    var lastReport: LastReport?
    var recoveredAt: Timestamp?
    /// How the run ended, as a hook reported.
    var outcome: String?
    var outcomeAt: Timestamp?
    /// The sender's own reason for it.
    var outcomeReason: String?
    /// The number of messages in a row that had no new line to report.
    var reminders = 0
    /// The id of the storm whose messages report this incident.
    var storm: String?

    /// Who looks after the incident, until it gets worse or the time is over.
    var acknowledgement: Acknowledgement?
    /// The last silence since the last message that held the group back.
    var silence: SilenceNote?
    /// Set while the group is held back because another one reported the same fault.
    var suppressed: SuppressedGroup?

    struct Untracked: Sendable, Hashable {
        let status: VerdictStatus
        let at: Timestamp
    }

    init(id: String, start: Timestamp) {
        self.id = id
        self.start = start
    }

    /// Whether no verdict failed. Notices have no recovery.
    var isNoticeOnly: Bool { worst == nil }

    /// Whether lines since the last message require another one. Healthy attempts do
    /// not if there are only notices.
    @inline(always)
    var hasNews: Bool {
        isNoticeOnly
            ? omittedNotices > 0 || notices.contains { $0.unreported > 0 } : unreported > 0
    }

    mutating func count(_ line: EventView) {
        events +|= 1
        unreported +|= 1
        unreportedFrom = unreportedFrom.map { min($0, line.ts) } ?? line.ts
        unreportedTo = unreportedTo.map { max($0, line.ts) } ?? line.ts
        if line[.policy] != nil { Self.note(line, .policy, in: &policies) }
        if line[.binary] != nil { Self.note(line, .binary, in: &binaries) }
    }

    mutating func fail(_ status: VerdictStatus, at moment: Timestamp, reasons: [Reason]) {
        worst = max(worst ?? status, status)
        recoveredAt = nil
        absorb(reasons: reasons)
    }

    /// Clears the outcome if a verdict shows that the rollout goes on: one of another run, or one
    /// so late that it was not under way when the run ended.
    mutating func goOn(at moment: Timestamp, inNewRun: Bool) {
        guard let outcomeAt, inNewRun || moment > outcomeAt + Bounds.stragglers else { return }
        clearOutcome()
    }

    /// Clears the outcome, and that a pause was reported: the next one is news again.
    mutating func clearOutcome() {
        outcome = nil
        outcomeAt = nil
        outcomeReason = nil
        lastReport?.paused = false
    }

    /// Whether the incident is over. A rollout that waits for a person is not.
    var isOver: Bool { !isPaused && (recoveredAt != nil || outcome != nil) }
    /// Whether the rollout waits for a person.
    var isPaused: Bool { outcome == "paused" }

    mutating func end(_ outcome: String, at moment: Timestamp, reason: String?) {
        self.outcome = outcome
        outcomeAt = moment
        outcomeReason = reason.map { $0.clipped(to: Bounds.words) }
    }

    mutating func recover(at moment: Timestamp) {
        if recoveredAt == nil { recoveredAt = moment }
    }

    private mutating func absorb(reasons new: [Reason]) {
        for reason in new where reason.state != .pass {
            if let known = reasons.firstIndex(where: { $0.matches(reason) }) {
                // Keep the one furthest from its limit.
                if reason.distance >= reasons[known].reason.distance {
                    reasons[known].reason = reason.bounded
                }
                reasons[known].count +|= 1
            } else if reasons.count < Bounds.reasons {
                reasons.append(ReasonTally(reason: reason.bounded, count: 1))
            } else {
                omittedReasons +|= 1
            }
        }
    }

    /// Adds a notice. Returns false if it is only counted, because there are too many
    /// kinds.
    mutating func absorb(notice line: EventView) -> Bool {
        let name = line.name(.event)
        let level = line.level
        let message = line.name(.message, limit: Bounds.words)
        let place = line.name(line[.az] == nil ? .node : .az)
        if let known = notices.firstIndex(where: { $0.event == name }) {
            notices[known].level = max(notices[known].level, level)
            notices[known].message = message
            notices[known].place = place
            notices[known].total +|= 1
            notices[known].unreported +|= 1
        } else if notices.count < Bounds.notices {
            notices.append(
                NoticeCounts(
                    event: name, level: level, message: message, place: place, total: 1,
                    unreported: 1))
        } else {
            omittedNotices +|= 1
            return false
        }
        return true
    }

    /// Removes a notice that was reported and no longer holds, because its opposite came.
    mutating func forget(reported event: String) {
        notices.removeAll { $0.event == event && $0.unreported == 0 }
    }

    /// Resets the counts after a message.
    mutating func settle(_ lastReport: LastReport) {
        self.lastReport = lastReport
        ordinal +|= 1
        reminders = unreported > 0 ? 0 : reminders +| 1
        forgetReported()
        silence = nil
        suppressed = nil
    }

    /// Resets the counts of lines since the last message.
    mutating func forgetReported() {
        unreported = 0
        unreportedFrom = nil
        unreportedTo = nil
        reasons = []
        omittedReasons = 0
        for i in notices.indices { notices[i].unreported = 0 }
        omittedNotices = 0
        omittedLines = 0
    }

    private static func note(_ line: EventView, _ field: EventField, in known: inout [String]) {
        guard known.count < Bounds.versions else { return }
        let isNew = line.withName(field) { version in
            !version.isEmpty && !known.contains { $0.isSpelled(version) }
        }
        if isNew { known.append(line.name(field)) }
    }
}

extension Reason {
    /// The distance of the value from its limit; 0 if one of them is unknown.
    fileprivate var distance: Double {
        guard let value, let limit, value.isFinite, limit.isFinite else { return 0 }
        return abs(value - limit)
    }
}
