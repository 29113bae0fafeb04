import Events

/// A group's time from its first failure until it recovered, ended or fell silent.
struct Incident: Sendable, Hashable {
    /// Hash of the group and of the first failing line: the thread of its messages.
    let id: String
    let start: Timestamp
    /// Messages so far.
    var ordinal = 0
    var attempts = AttemptTally()
    /// The worst verdict; nil while there were only notices.
    var worst: VerdictStatus?
    /// Lines since the start.
    var events = 0
    /// Lines since the last message, and the times they carry.
    var untold = 0
    var untoldFrom: Timestamp?
    var untoldTo: Timestamp?
    var reasons: [ReasonTally] = []
    var omittedReasons = 0
    var notices: [NoticeTally] = []
    var omittedNotices = 0
    /// Lines from places beyond those that are tracked.
    var omittedLines = 0
    /// Distinct hashes in order of appearance.
    var policies: [String] = []
    var binaries: [String] = []
    var flapping = false
    /// It began in a rollback rehearsal.
    var isRehearsal = false
    var told: Told?
    var recoveredAt: Timestamp?
    /// How the run ended, by a hook's word.
    var outcome: String?
    var outcomeAt: Timestamp?

    /// The silence that last held the group back since the last message.
    var silence: SilenceNote?
    /// Set while the group keeps quiet because another told of the same fault.
    var echo: EchoNote?

    init(id: String, start: Timestamp) {
        self.id = id
        self.start = start
    }

    /// Nothing failed by verdict: notices have no recovery to wait for.
    var isNoticeOnly: Bool { worst == nil }

    /// Whether something came since the last message that is worth another one.
    /// Healthy attempts beside a notice are not.
    @inline(always)
    var hasNews: Bool {
        isNoticeOnly
            ? omittedNotices > 0 || notices.contains { $0.untold > 0 } : untold > 0
    }

    mutating func count(_ line: EventLine) {
        events +|= 1
        untold +|= 1
        untoldFrom = untoldFrom.map { min($0, line.ts) } ?? line.ts
        untoldTo = untoldTo.map { max($0, line.ts) } ?? line.ts
        if line[.policy] != nil { Self.note(line, .policy, in: &policies) }
        if line[.binary] != nil { Self.note(line, .binary, in: &binaries) }
    }

    mutating func fail(_ status: VerdictStatus, at moment: Timestamp, reasons: [Reason]) {
        worst = max(worst ?? status, status)
        recoveredAt = nil
        // A failure after "aborted" belongs to a run that goes on; an earlier
        // one that only arrives late does not.
        if let outcomeAt, moment > outcomeAt {
            outcome = nil
            self.outcomeAt = nil
        }
        absorb(reasons: reasons)
    }

    mutating func end(_ outcome: String, at moment: Timestamp) {
        self.outcome = outcome
        outcomeAt = moment
    }

    mutating func recover(at moment: Timestamp) {
        if recoveredAt == nil { recoveredAt = moment }
    }

    private mutating func absorb(reasons new: [Reason]) {
        for reason in new where reason.state != .pass {
            if let known = reasons.firstIndex(where: { $0.matches(reason) }) {
                // The one furthest off stands for all.
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

    /// Returns whether the notice is kept by its kind; false when there are
    /// more kinds than are told apart.
    mutating func absorb(notice line: EventLine) -> Bool {
        let name = line.name(.event)
        let level = line.level
        let message = line.name(.message, limit: Bounds.words)
        let place = line.name(line[.az] == nil ? .node : .az)
        if let known = notices.firstIndex(where: { $0.event == name }) {
            notices[known].level = max(notices[known].level, level)
            notices[known].message = message
            notices[known].place = place
            notices[known].total +|= 1
            notices[known].untold +|= 1
        } else if notices.count < Bounds.notices {
            notices.append(
                NoticeTally(
                    event: name, level: level, message: message, place: place, total: 1,
                    untold: 1))
        } else {
            omittedNotices +|= 1
            return false
        }
        return true
    }

    /// After a message: what follows is counted anew.
    mutating func settle(_ told: Told) {
        self.told = told
        ordinal +|= 1
        untold = 0
        untoldFrom = nil
        untoldTo = nil
        reasons = []
        omittedReasons = 0
        for i in notices.indices { notices[i].untold = 0 }
        omittedNotices = 0
        omittedLines = 0
        silence = nil
        echo = nil
    }

    private static func note(_ line: EventLine, _ field: EventField, in known: inout [String]) {
        guard known.count < Bounds.versions else { return }
        let isNew = line.withName(field) { version in
            !version.isEmpty && !known.contains { $0.isSpelled(version) }
        }
        if isNew { known.append(line.name(field)) }
    }
}

extension Reason {
    /// How far the value is from its limit; 0 where one of them is unknown.
    fileprivate var distance: Double {
        guard let value, let limit, value.isFinite, limit.isFinite else { return 0 }
        return abs(value - limit)
    }
}
