public import Events

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
    var wasTold: Bool { open?.value.lastReport != nil }
    /// Whether a message of the incident reported a failing place.
    @inline(always)
    var wasToldOfFailure: Bool {
        open?.value.lastReport?.statuses.values.contains { $0.isDegraded } ?? false
    }
    /// The end of the silence that holds the group back.
    @inline(always)
    var silencedUntil: Timestamp? { open?.value.silence?.until }
    /// Whether another group's message reports the fault of this one.
    @inline(always)
    var isEcho: Bool { open?.value.echo != nil }

    /// When the last message was composed, by the notifier's clock; delays the next one.
    var saidAt: Timestamp?
    /// Starts of recent incidents, for flap damping.
    var starts: [Timestamp] = []
    /// The number of lost lines that was known at the last message.
    var shedTold = 0
    /// Failures since the last message that began and ended within a silence.
    var swallowed: SilenceNote?
    /// Until when failures are marked as a rehearsal; nil if none is in progress.
    var rehearsingUntil: Timestamp?
    /// What events report about the rollout. Boxed, because most groups have none.
    private var knownContext: CopyOnWriteBox<RolloutContext>?
    var context: RolloutContext {
        get { knownContext?.value ?? RolloutContext() }
        set { knownContext = newValue.isEmpty ? nil : CopyOnWriteBox(newValue) }
    }

    init(key: GroupKey, absorbedTo: LogPosition) {
        self.key = key
        self.absorbedTo = absorbedTo
    }

    /// Sets the places of a stored state.
    mutating func restore(_ stored: [Source]) { sources = stored }

    /// Whether an incident is open, also one with notices only.
    public var isFailing: Bool { open != nil }

    /// Adds a line. Returns whether it contains news to report soon.
    ///
    /// For a verdict, always false without `asksForNews`.
    mutating func absorb(
        _ line: EventView, role: EventRole, at end: LogPosition, settings: DigestSettings,
        budget: inout StateBudget, asksForNews: Bool
    ) -> Bool {
        absorbedTo = end
        let isNews = fold(
            line, role: role, at: end, settings: settings, budget: &budget, asksForNews: asksForNews
        )
        if role.mayCarryContext { note(line, role) }
        markRehearsal(line, role)
        return isNews
    }

    private mutating func note(_ line: EventView, _ role: EventRole) {
        var new = context
        new.absorb(line, role: role)
        if new != context { context = new }
    }

    private mutating func fold(
        _ line: EventView, role: EventRole, at end: LogPosition, settings: DigestSettings,
        budget: inout StateBudget, asksForNews: Bool
    ) -> Bool {
        switch role {
        case .neutral: return false
        case .notice:
            if !isFailing { begin(line, at: end, settings: settings) }
            open?.value.count(line)
            let kept = open?.value.absorb(notice: line) ?? false
            guard let lastReport = open?.value.lastReport else { return true }
            return kept && !lastReport.notices.contains(line.name(.event))
        case .outcome(let word):
            guard isFailing else { return false }
            open?.value.count(line)
            open?.value.end(word, at: line.ts)
            return true
        case .verdict(let status):
            let place = absorb(verdict: status, line, at: end, settings: settings, budget: &budget)
            return asksForNews && wantsToSpeak(of: place, settings: settings)
        }
    }

    /// Adds a verdict. Returns the index of the line's place; nil if there are too many.
    private mutating func absorb(
        verdict status: VerdictStatus, _ line: EventView, at end: LogPosition,
        settings: DigestSettings, budget: inout StateBudget
    ) -> Int? {
        if status.isDegraded, !isFailing { begin(line, at: end, settings: settings) }
        let inIncident = isFailing
        let place = place(of: line, budget: &budget)
        var restarted = false
        if let place {
            restarted = sources[place].absorb(
                line, status: status, inIncident: inIncident, budget: &budget)
        }
        guard inIncident else { return place }
        if restarted { open?.value.attempts.restart() }
        open?.value.count(line)
        open?.value.attempts.record(status, attempt: line.attempt)
        if place == nil { open?.value.omittedLines +|= 1 }
        if status.isDegraded {
            open?.value.fail(status, at: line.ts, reasons: line.reasons)
        } else if hasRecovered(at: line.ts, settings: settings) {
            open?.value.recover(at: line.ts)
        }
        return place
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
        var incident = Incident(
            id: "g" + ContentHash.hex(name.utf8).prefix(12), start: line.ts)
        starts = starts.filter { line.ts - $0 < settings.flapWithin } + [line.ts]
        if starts.count > Bounds.incidentStarts { starts.removeFirst() }
        incident.flapping = starts.count >= settings.flapAfter
        for i in sources.indices { sources[i].beginIncident() }
        if knownContext != nil { context.reason = "" }
        incident.isRehearsal =
            line.says(.event, "rehearsal.started") || isRehearsing(at: line.ts)
        self.incident = incident
    }

    private func isRehearsing(at moment: Timestamp) -> Bool {
        rehearsingUntil.map { moment <= $0 } ?? false
    }

    /// Tracks rehearsals, and clears the incident's mark at a failure outside of one.
    ///
    /// A real failure is never reported as a rehearsal.
    private mutating func markRehearsal(_ line: EventView, _ role: EventRole) {
        let mayBeRehearsal = line.plain(.event)?.first.map { $0 == UInt8(ascii: "r") } ?? true
        if mayBeRehearsal {
            switch line.text(.event) {
            case EventName.rehearsalStarted:
                rehearsingUntil = line.ts + Bounds.rehearsal
                return
            case EventName.rehearsalFinished, EventName.rehearsalFailed:
                rehearsingUntil = nil
                return
            default: break
            }
        }
        if case .verdict(let status) = role, status.isDegraded, !isRehearsing(at: line.ts) {
            open?.value.isRehearsal = false
        }
    }

    private func hasRecovered(at moment: Timestamp, settings: DigestSettings) -> Bool {
        guard open?.value.isNoticeOnly == false else { return false }
        let attempts = settings.attemptsToRecover(flapping: open?.value.flapping ?? false)
        let horizon = Timestamp(
            milliseconds: moment.milliseconds &- settings.repeatMilliseconds)
        return sources.allSatisfy { $0.hasRecovered(after: attempts, receivedSince: horizon) }
    }

    /// Whether the verdict just added contains news to report.
    private func wantsToSpeak(of place: Int?, settings: DigestSettings) -> Bool {
        guard isFailing else { return false }
        guard let lastReport = open?.value.lastReport else { return true }
        if open?.value.recoveredAt != nil { return true }
        if open?.value.policies.count ?? 0 > max(1, lastReport.policies) { return true }
        if open?.value.binaries.count ?? 0 > max(1, lastReport.binaries) { return true }
        if !lastReport.lastChance, mayAbort(settings), failuresUntilAbort(settings) == 1 {
            return true
        }
        guard let place else { return false }
        if sources[place].status > lastReport.statuses[sources[place].id] ?? .healthy {
            return true
        }
        return sources[place].metrics.contains {
            $0.isOver && !lastReport.metrics.contains($0.metric)
        }
    }

    /// Whether any failure limit is known; most callers send none.
    private func mayAbort(_ settings: DigestSettings) -> Bool {
        if settings.abortAfter != nil { return true }
        for i in sources.indices {
            for j in sources[i].lanes.indices where sources[i].lanes[j].failureLimit != nil {
                return true
            }
        }
        return false
    }

    /// How many more unhealthy attempts abort the run; nil if the limit is unknown or
    /// no attempt was unhealthy. The caller's limit precedes that of the settings.
    func failuresUntilAbort(_ settings: DigestSettings) -> Int? {
        sources.flatMap(\.lanes).filter { $0.failures > 0 }.compactMap { lane in
            (lane.failureLimit.map { $0 +| 1 } ?? settings.abortAfter).map {
                max(0, $0 -| lane.failures)
            }
        }.min()
    }

    /// The number of attempts of the run; nil if unknown or different between places.
    func attemptsPerRun(_ settings: DigestSettings) -> Int? {
        let said = Set(sources.flatMap(\.lanes).map(\.runCount))
        guard let first = said.first, said.count == 1 else {
            return said.isEmpty ? settings.attemptsPerRun : nil
        }
        return first ?? settings.attemptsPerRun
    }

    /// The differences from the last message, in the order in which they are shown.
    func changes(_ settings: DigestSettings) -> [Change] {
        guard let incident else { return [] }
        let lastReport = incident.lastReport ?? LastReport()
        var changes: [Change] = []
        if incident.flapping, !lastReport.flapping { changes.append(.flapping) }
        if failuresUntilAbort(settings) == 1, !lastReport.lastChance { changes.append(.lastChance) }
        for source in sources {
            let before = lastReport.statuses[source.id] ?? .healthy
            guard source.status > before else { continue }
            changes.append(
                before == .healthy
                    ? .place(az: source.az, node: source.node, status: source.status)
                    : .worse(az: source.az, node: source.node, from: before, to: source.status))
        }
        let over = Set(sources.flatMap(\.metrics).filter(\.isOver).map(\.metric))
        changes += over.subtracting(lastReport.metrics).sorted().map(Change.metric)
        changes += incident.notices.map(\.event).filter { !lastReport.notices.contains($0) }
            .map(Change.notice)
        if incident.policies.count > max(1, lastReport.policies) { changes.append(.policy) }
        if incident.binaries.count > max(1, lastReport.binaries) { changes.append(.binary) }
        return changes
    }

    /// What is reported once a message is composed now.
    func lastReport(_ settings: DigestSettings, to receivers: [String]) -> LastReport {
        let before = incident?.lastReport ?? LastReport()
        var lastReport = LastReport()
        for source in sources {
            // A place that recovered and fails as before is not news.
            let status = max(source.status, before.statuses[source.id] ?? .healthy)
            if status.isDegraded { lastReport.statuses[source.id] = status }
        }
        lastReport.metrics = before.metrics.union(
            sources.flatMap(\.metrics).filter(\.isOver).map(\.metric))
        lastReport.notices = before.notices.union((incident?.notices ?? []).map(\.event))
        lastReport.lastChance = before.lastChance || failuresUntilAbort(settings) == 1
        lastReport.policies = incident?.policies.count ?? 0
        lastReport.binaries = incident?.binaries.count ?? 0
        lastReport.flapping = incident?.flapping ?? false
        lastReport.receivers = Set(receivers)
        return lastReport
    }
}
