public import Events
import JSON

/// The state of one group that is stored for a restart.
///
/// The same lines in the same order give the same state. Its size is bounded
/// for any number of lines.
public struct GroupState: Sendable, Hashable {
    public let key: GroupKey
    /// Lines that end here or earlier are part of this state. They are skipped when
    /// they are read again after a restart.
    public internal(set) var absorbedTo: LogPosition
    public internal(set) var sources: [Source] = [] {
        didSet { if marks.count != sources.count { marks = sources.map(\.mark) } }
    }
    /// The marks of `sources` in one array, to search for the place of a line.
    private var marks: [UInt64] = []
    /// The open incident. Code that runs for each line uses it, because `incident` copies.
    private var open: CopyOnWriteBox<Incident>?
    var incident: Incident? {
        get { open?.value }
        set { open = newValue.map(CopyOnWriteBox.init) }
    }

    // Read often, for all groups. Each reads one member, because `incident` copies the whole
    // incident. They are inlined, because a call would copy the group.

    /// Whether the open incident has only notices and no verdict that failed.
    @inline(always)
    var isNoticeOnly: Bool { open?.value.isNoticeOnly ?? false }
    @inline(always)
    var isFlapping: Bool { open?.value.flapping ?? false }
    @inline(always)
    var hasNews: Bool { open?.value.hasNews ?? false }
    /// Whether a message of the incident was composed.
    @inline(always)
    var wasReported: Bool { open?.value.lastReport != nil }
    /// Whether a message of the incident reported a failing place.
    @inline(always)
    var wasFailureReported: Bool {
        open?.value.lastReport?.statuses.values.contains { $0.isDegraded } ?? false
    }
    /// The end of the silence that holds the group back.
    @inline(always)
    var silencedUntil: Timestamp? { open?.value.silence?.until }
    /// Until when somebody looks after the incident.
    @inline(always)
    var acknowledgedUntil: Timestamp? { open?.value.acknowledgement?.until }
    /// Whether another group's message reports the fault of this one.
    @inline(always)
    var isSuppressed: Bool { open?.value.suppressed != nil }
    /// Whether the rollout waits for a person.
    @inline(always)
    var isPaused: Bool { open?.value.isPaused ?? false }
    /// The storm whose messages report this group.
    @inline(always)
    var storm: String? { open?.value.storm }

    /// When the last message was composed, by the notifier's clock; delays the next one.
    var saidAt: Timestamp?
    /// When a reminder was due last that an acknowledgement held back; delays the next one.
    var heldAt: Timestamp?
    /// When the first of the recent messages that did not wait for their window was composed, and
    /// how many there are within a window from then.
    var burstFrom: Timestamp?
    var burst = 0
    /// The thread and the number of messages of the last incident: a group that flaps keeps them.
    var last: ClosedThread?
    /// When the last run was aborted, until the group fails again.
    var abortedAt: Timestamp?
    /// When the group began to fail after it was healthy, most recently; for flap damping.
    var starts: [Timestamp] = []
    /// The number of lost lines that was known at the last message.
    var shedReported = 0
    /// Failures since the last message that began and ended within a silence.
    var endedInSilence: SilenceNote?
    /// Until when failures are marked as a rehearsal; nil if none is in progress.
    var rehearsingUntil: Timestamp?
    /// When the last rehearsal ended: the hook for its abort may arrive later.
    var rehearsedAt: Timestamp?
    /// The policy and the binary of the last verdict; empty if it named none.
    var policy = ""
    var binary = ""
    /// What events report about the rollout. Boxed, because most groups have none.
    private var knownContext: CopyOnWriteBox<RolloutContext>?
    var context: RolloutContext {
        get { knownContext?.value ?? RolloutContext() }
        set { knownContext = newValue.isEmpty ? nil : CopyOnWriteBox(newValue) }
    }
    /// Whether events report the rollout's image.
    @inline(always)
    var hasImage: Bool { knownContext?.value.image.isEmpty == false }
    /// Whether the last run was aborted.
    var isAborted: Bool { abortedAt != nil || open?.value.outcome == "aborted" }

    init(key: GroupKey, absorbedTo: LogPosition) {
        self.key = key
        self.absorbedTo = absorbedTo
    }

    /// The thread of an incident that is over.
    struct ClosedThread: Sendable, Hashable {
        let id: String
        let ordinal: Int
    }

    /// Closes the incident. `isReported`: whether its end was in a message.
    mutating func closeIncident(isReported: Bool) {
        guard let incident else { return }
        if isReported {
            last = ClosedThread(id: incident.id, ordinal: incident.ordinal +| 1)
            if incident.flapping { starts = [] }
        }
        if incident.outcome == "aborted" { abortedAt = incident.outcomeAt }
        self.incident = nil
    }

    /// Notes a reminder that an acknowledgement holds back, as one that reports nothing. The lines
    /// since the last message stay counted.
    mutating func holdReminder(at now: Timestamp) {
        heldAt = now
        if open?.value.hasNews == false { open?.value.reminders +|= 1 }
        for i in sources.indices { sources[i].settle() }
    }

    /// Sets the places of a stored state.
    mutating func restore(_ stored: [Source]) { sources = stored }

    /// Whether an incident is open, also one with notices only.
    public var isFailing: Bool { open != nil }

    /// Adds a line. Returns how soon it has to be reported.
    ///
    /// For a verdict, always `none` without `asksForNews`.
    mutating func absorb(
        _ line: EventView, role: EventRole, at end: LogPosition, settings: DigestSettings,
        budget: inout StateBudget, asksForNews: Bool
    ) -> News {
        absorbedTo = end
        let news = fold(
            line, role: role, at: end, settings: settings, budget: &budget, asksForNews: asksForNews
        )
        if role.mayCarryContext { note(line, role) }
        markRehearsal(line, role)
        return news
    }

    private mutating func note(_ line: EventView, _ role: EventRole) {
        var new = context
        new.absorb(line, role: role)
        if new != context { context = new }
    }

    private mutating func fold(
        _ line: EventView, role: EventRole, at end: LogPosition, settings: DigestSettings,
        budget: inout StateBudget, asksForNews: Bool
    ) -> News {
        switch role {
        case .neutral, .rehearsal, .progress: return .none
        case .notice:
            if !isFailing { begin(line, at: end, settings: settings) }
            open?.value.count(line)
            let kept = open?.value.absorb(notice: line) ?? false
            if let reversed = EventName.reversals[line.name(.event)] {
                open?.value.lastReport?.notices.remove(reversed)
                open?.value.forget(reported: reversed)
            }
            guard let lastReport = open?.value.lastReport else {
                return isUrgent(line) ? .escalation : .gathered
            }
            guard kept, !lastReport.notices.contains(line.name(.event)) else { return .none }
            return isUrgent(line) ? .escalation : .gathered
        case .outcome(let word): return conclude(word, line, at: end, settings: settings)
        case .acknowledgement:
            // The incident may be over meanwhile.
            guard isFailing, open?.value.id == line.incident else { return .none }
            open?.value.acknowledgement = Acknowledgement(line)
            return open?.value.lastReport == nil ? .none : .escalation
        case .verdict(let status):
            let place = absorb(verdict: status, line, at: end, settings: settings, budget: &budget)
            return asksForNews ? news(of: place, settings: settings) : .none
        }
    }

    /// Whether a notice is sent at once: an error, or a rollout that waits for a person.
    private func isUrgent(_ line: EventView) -> Bool {
        line.level >= .error || line.says(.event, "rollout.paused")
    }

    /// Adds the end of a run, a pause, or the end of a pause.
    private mutating func conclude(
        _ word: String, _ line: EventView, at end: LogPosition, settings: DigestSettings
    ) -> News {
        switch word {
        case "aborted":
            // A trigger may fire for the Rollout and for its AnalysisRun.
            if let abortedAt, line.ts <= abortedAt + Bounds.stragglers { return .none }
            if !isFailing, mayRehearsalAbort(at: line.ts) {
                abortedAt = line.ts
                return .none
            }
            if !isFailing { begin(line, at: end, settings: settings) }
        case "resumed":
            guard open?.value.isPaused == true else { return .none }
            open?.value.count(line)
            open?.value.clearOutcome()
            return .none
        default:
            guard isFailing else {
                // It was tried again after the abort.
                abortedAt = nil
                return .none
            }
        }
        open?.value.count(line)
        open?.value.end(word, at: line.ts, reason: line.extra("reason")?.string)
        switch word {
        case "aborted": return .decisive
        case "paused": return open?.value.lastReport?.paused == true ? .none : .decisive
        default: return .gathered
        }
    }

    /// Adds a verdict. Returns the index of the line's place; nil if there are too many.
    private mutating func absorb(
        verdict status: VerdictStatus, _ line: EventView, at end: LogPosition,
        settings: DigestSettings, budget: inout StateBudget
    ) -> Int? {
        if status.isDegraded {
            if !isFailing {
                if !isOfAbortedRun(line) { begin(line, at: end, settings: settings) }
            } else if open?.value.worst != nil, !mayFailUntracked(at: line.ts, settings),
                sources.allSatisfy({ $0.lanes.allSatisfy { $0.status == .healthy } })
            {
                noteStart(line.ts, settings)
            }
        }
        Self.note(line, .policy, in: &policy)
        Self.note(line, .binary, in: &binary)
        let inIncident = isFailing
        let place = place(of: line, budget: &budget)
        var restarted = false
        var isTracked = false
        if let place {
            (restarted, isTracked) = sources[place].absorb(
                line, status: status, inIncident: inIncident, budget: &budget)
        }
        guard inIncident else { return place }
        if !isTracked, status.isDegraded {
            open?.value.untracked = Incident.Untracked(status: status, at: line.ts)
        }
        if restarted { open?.value.attempts.restart() }
        open?.value.count(line)
        open?.value.attempts.record(status, attempt: line.attempt)
        if open?.value.outcome != nil {
            open?.value.goOn(at: line.ts, inNewRun: restarted)
            // The controller's reason was that of the outcome.
            if open?.value.outcome == nil, knownContext != nil { context.reason = "" }
        }
        if place == nil { open?.value.omittedLines +|= 1 }
        if status.isDegraded {
            open?.value.fail(status, at: line.ts, reasons: line.reasons)
        } else if hasRecovered(settings, at: line.ts) {
            open?.value.recover(at: line.ts)
        }
        return place
    }

    /// Stores a version that the line names. It mostly is the stored one.
    @inline(__always)
    private static func note(_ line: EventView, _ field: EventField, in version: inout String) {
        guard line[field] != nil else { return }
        if let name = line.plainName(field), version.isSpelled(name) { return }
        let name = line.name(field)
        if !name.isEmpty { version = name }
    }

    /// The index of a line's place, which is added if needed; nil if there are too many.
    private mutating func place(of line: EventView, budget: inout StateBudget) -> Int? {
        let known: Int?
        if let az = line.plainName(.az), let node = line.plainName(.node) {
            known = place(az, node)
        } else {
            known = line.withName(.az) { az in line.withName(.node) { place(az, $0) } }
        }
        if let known { return known }
        guard budget.takePlace(after: sources.count) else { return nil }
        sources.append(Source(az: line.name(.az), node: line.name(.node)))
        return sources.count - 1
    }

    private func place(
        _ az: UnsafeRawBufferPointer, _ node: UnsafeRawBufferPointer
    ) -> Int? {
        let mark = Source.mark(az, node)
        for i in marks.indices where marks[i] == mark {
            if sources[i].isPlace(az: az, node: node) { return i }
        }
        return nil
    }

    private mutating func begin(_ line: EventView, at end: LogPosition, settings: DigestSettings) {
        let name = [key.text, end.description, line.ts.rfc3339, line.text(.id) ?? ""]
            .joined(separator: "\0")
        abortedAt = nil
        noteStart(line.ts, settings)
        let flapping = starts.count >= settings.flapAfter
        var incident = Incident(
            id: "g" + ContentHash.hex(name.utf8).prefix(12), start: line.ts)
        if flapping, let last {
            incident = Incident(id: last.id, start: line.ts)
            incident.ordinal = last.ordinal
        }
        incident.flapping = flapping
        for i in sources.indices { sources[i].beginIncident() }
        if knownContext != nil { context.reason = "" }
        incident.isRehearsal = isRehearsing(at: line.ts)
        self.incident = incident
    }

    /// Notes that the group began to fail, and marks the open incident if it does so repeatedly.
    private mutating func noteStart(_ moment: Timestamp, _ settings: DigestSettings) {
        starts = starts.filter { moment - $0 < settings.flapWithin } + [moment]
        if starts.count > Bounds.incidentStarts { starts.removeFirst() }
        if starts.count >= settings.flapAfter { open?.value.flapping = true }
    }

    /// Whether a verdict belongs to the run that was aborted last: it was under way then.
    private func isOfAbortedRun(_ line: EventView) -> Bool {
        guard let abortedAt, line.ts <= abortedAt + Bounds.stragglers else { return false }
        let series = Source.Lane.series(of: line)
        return series.isEmpty
            || sources.contains { $0.lanes.contains { $0.series == series } }
    }

    private func hasRecovered(_ settings: DigestSettings, at moment: Timestamp) -> Bool {
        guard open?.value.isNoticeOnly == false else { return false }
        if mayFailUntracked(at: moment, settings) { return false }
        let attempts = settings.attemptsToRecover(flapping: open?.value.flapping ?? false)
        // By index: this runs for each line, and an element in a closure is a copy.
        for i in sources.indices where !sources[i].hasRecovered(after: attempts) { return false }
        // The caller is about to abort, whatever the last attempts were.
        return failuresUntilAbort(settings) != 0
    }

    /// Whether a place that is not tracked failed of late: when it recovers is not known.
    private func mayFailUntracked(at moment: Timestamp, _ settings: DigestSettings) -> Bool {
        open?.value.untracked.map { moment < $0.at + settings.repeatEvery } ?? false
    }

    /// Resets the counts after a message.
    mutating func settle(_ lastReport: LastReport) {
        open?.value.settle(lastReport)
        for i in sources.indices { sources[i].settle() }
    }

    /// How soon the verdict just added has to be reported.
    private func news(of place: Int?, settings: DigestSettings) -> News {
        guard isFailing else { return .none }
        let lastReport = open?.value.lastReport
        let left = failuresUntilAbort(settings)
        if lastReport?.failureLimit != true, left == 0 { return .decisive }
        if lastReport?.inconclusiveLimit != true, isInconclusive { return .decisive }
        guard let lastReport else { return .gathered }
        if !lastReport.lastChance, left == 1 { return .escalation }
        if let place {
            let source = sources[place]
            if source.status > lastReport.statuses[source.id] ?? .healthy {
                return source.status > reported(zoneOf: source, in: lastReport)
                    ? .escalation : .gathered
            }
            let isNew = source.metrics.contains {
                $0.isOver && !lastReport.metrics.contains($0.metric)
            }
            if isNew { return .gathered }
        }
        if open?.value.recoveredAt != nil { return .gathered }
        if isFlapping, !lastReport.flapping { return .gathered }
        if open?.value.policies.count ?? 0 > max(1, lastReport.policies) { return .gathered }
        if open?.value.binaries.count ?? 0 > max(1, lastReport.binaries) { return .gathered }
        return .none
    }
}
