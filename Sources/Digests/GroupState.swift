public import Events

/// Everything that is remembered of one group: the part that outlives a restart.
///
/// A deterministic fold over the group's lines: the same lines in the same
/// order give the same state. Bounded, however many lines there are.
public struct GroupState: Sendable, Hashable {
    public let key: GroupKey
    /// Lines that end here or earlier are part of this state; read again after
    /// a restart, they are passed over.
    public internal(set) var absorbedTo: LogPosition
    public internal(set) var sources: [Source] = []
    var incident: Incident?
    /// When the group last spoke, by the notifier's clock; paces the next message.
    var saidAt: Timestamp?
    /// Starts of recent incidents, for flap damping.
    var starts: [Timestamp] = []
    /// Lost lines that were known of when the group last spoke.
    var shedTold = 0
    /// Failures that began and ended within a silence since the group last spoke.
    var swallowed: SilenceNote?
    /// Set while a rehearsal is under way: until when it marks what fails.
    var rehearsingUntil: Timestamp?

    init(key: GroupKey, absorbedTo: LogPosition) {
        self.key = key
        self.absorbedTo = absorbedTo
    }

    /// Whether a failure is open.
    public var isFailing: Bool { incident != nil }

    /// Folds one line in. Returns whether something is new that should be
    /// told soon.
    mutating func absorb(
        _ event: Event, role: EventRole, at end: LogPosition, settings: DigestSettings
    ) -> Bool {
        absorbedTo = end
        defer { markRehearsal(event, role) }
        switch role {
        case .neutral: return false
        case .notice:
            if incident == nil { begin(event, at: end, settings: settings) }
            incident?.count(event)
            let kept = incident?.absorb(notice: event) ?? false
            guard let told = incident?.told else { return true }
            return kept && !told.notices.contains(event.event.clipped(to: Bounds.name))
        case .outcome(let word):
            guard incident != nil else { return false }
            incident?.count(event)
            incident?.end(word, at: event.ts)
            return true
        case .verdict(let status):
            return absorb(verdict: status, event, at: end, settings: settings)
        }
    }

    private mutating func absorb(
        verdict status: VerdictStatus, _ event: Event, at end: LogPosition,
        settings: DigestSettings
    ) -> Bool {
        if status.isDegraded, incident == nil { begin(event, at: end, settings: settings) }
        let inIncident = incident != nil
        let place = place(of: event)
        var restarted = false
        if let place {
            restarted = sources[place].absorb(event, status: status, inIncident: inIncident)
        }
        guard inIncident else { return false }
        if restarted { incident?.attempts.restart() }
        incident?.count(event)
        incident?.attempts.record(status, attempt: event.attempt)
        if place == nil { incident?.omittedLines += 1 }
        if status.isDegraded {
            incident?.fail(status, at: event.ts, reasons: event.reasons)
        } else if hasRecovered(at: event.ts, settings: settings) {
            incident?.recover(at: event.ts)
        }
        return wantsToSpeak(of: place, settings: settings)
    }

    /// The place that an event speaks for; nil when there are too many.
    private mutating func place(of event: Event) -> Int? {
        let az = (event.az ?? "").clipped(to: Bounds.name)
        let node = (event.node ?? "").clipped(to: Bounds.name)
        if let known = sources.firstIndex(where: { $0.az == az && $0.node == node }) {
            return known
        }
        guard sources.count < Bounds.sources else { return nil }
        sources.append(Source(az: az, node: node))
        return sources.count - 1
    }

    private mutating func begin(_ event: Event, at end: LogPosition, settings: DigestSettings) {
        let name = [key.text, end.description, event.ts.rfc3339, event.id].joined(separator: "\0")
        var incident = Incident(
            id: "g" + ContentHash.hex(name.utf8).prefix(12), start: event.ts)
        starts = starts.filter { event.ts - $0 < settings.flapWithin } + [event.ts]
        if starts.count > Bounds.incidentStarts { starts.removeFirst() }
        incident.flapping = starts.count >= settings.flapAfter
        for i in sources.indices { sources[i].beginIncident() }
        incident.isRehearsal =
            event.event == EventName.rehearsalStarted || isRehearsing(at: event.ts)
        self.incident = incident
    }

    private func isRehearsing(at moment: Timestamp) -> Bool {
        rehearsingUntil.map { moment <= $0 } ?? false
    }

    /// Only what began in a rehearsal is marked, and no longer than it fails in
    /// one: a real failure is never told as a rehearsal.
    private mutating func markRehearsal(_ event: Event, _ role: EventRole) {
        switch event.event {
        case EventName.rehearsalStarted: rehearsingUntil = event.ts + Bounds.rehearsal
        case EventName.rehearsalFinished, EventName.rehearsalFailed: rehearsingUntil = nil
        default:
            if case .verdict(let status) = role, status.isDegraded, !isRehearsing(at: event.ts) {
                incident?.isRehearsal = false
            }
        }
    }

    private func hasRecovered(at moment: Timestamp, settings: DigestSettings) -> Bool {
        guard let incident, !incident.isNoticeOnly else { return false }
        let attempts = settings.attemptsToRecover(flapping: incident.flapping)
        let horizon = moment - settings.repeatEvery
        return sources.allSatisfy { $0.hasRecovered(after: attempts, heardSince: horizon) }
    }

    /// Whether the line just folded in changed what people should know.
    private func wantsToSpeak(of place: Int?, settings: DigestSettings) -> Bool {
        // Looked at in its place: incidents and sources are large, and this is asked for each line.
        guard incident != nil else { return false }
        guard let told = incident?.told else { return true }
        if incident?.recoveredAt != nil { return true }
        if incident?.policies.count ?? 0 > max(1, told.policies) { return true }
        if incident?.binaries.count ?? 0 > max(1, told.binaries) { return true }
        if !told.lastChance, failuresUntilAbort(settings) == 1 { return true }
        guard let place else { return false }
        if sources[place].status > told.statuses[sources[place].id] ?? .healthy { return true }
        return sources[place].metrics.contains { $0.isOver && !told.metrics.contains($0.metric) }
    }

    /// How many unhealthy attempts more abort the run; nil when the limit is
    /// not known or nothing was unhealthy. What the caller says of its run goes
    /// before the settings.
    func failuresUntilAbort(_ settings: DigestSettings) -> Int? {
        sources.flatMap(\.lanes).filter { $0.failures > 0 }.compactMap { lane in
            (lane.failureLimit.map { $0 + 1 } ?? settings.abortAfter).map {
                max(0, $0 - lane.failures)
            }
        }.min()
    }

    /// How many attempts the run makes, when that is known and the same everywhere.
    func attemptsPerRun(_ settings: DigestSettings) -> Int? {
        let said = Set(sources.flatMap(\.lanes).map(\.runCount))
        guard let first = said.first, said.count == 1 else {
            return said.isEmpty ? settings.attemptsPerRun : nil
        }
        return first ?? settings.attemptsPerRun
    }

    /// What is new against the last message, in the order to be shown.
    func changes(_ settings: DigestSettings) -> [Change] {
        guard let incident else { return [] }
        let told = incident.told ?? Told()
        var changes: [Change] = []
        if incident.flapping, !told.flapping { changes.append(.flapping) }
        if failuresUntilAbort(settings) == 1, !told.lastChance { changes.append(.lastChance) }
        for source in sources {
            let before = told.statuses[source.id] ?? .healthy
            guard source.status > before else { continue }
            changes.append(
                before == .healthy
                    ? .place(az: source.az, node: source.node, status: source.status)
                    : .worse(az: source.az, node: source.node, from: before, to: source.status))
        }
        let over = Set(sources.flatMap(\.metrics).filter(\.isOver).map(\.metric))
        changes += over.subtracting(told.metrics).sorted().map(Change.metric)
        changes += incident.notices.map(\.event).filter { !told.notices.contains($0) }
            .map(Change.notice)
        if incident.policies.count > max(1, told.policies) { changes.append(.policy) }
        if incident.binaries.count > max(1, told.binaries) { changes.append(.binary) }
        return changes
    }

    /// What a message composed now tells.
    func told(_ settings: DigestSettings, to receivers: [String]) -> Told {
        let before = incident?.told ?? Told()
        var told = Told()
        for source in sources {
            // A place that came back is not news when it fails as before.
            let status = max(source.status, before.statuses[source.id] ?? .healthy)
            if status.isDegraded { told.statuses[source.id] = status }
        }
        told.metrics = before.metrics.union(
            sources.flatMap(\.metrics).filter(\.isOver).map(\.metric))
        told.notices = before.notices.union((incident?.notices ?? []).map(\.event))
        told.lastChance = before.lastChance || failuresUntilAbort(settings) == 1
        told.policies = incident?.policies.count ?? 0
        told.binaries = incident?.binaries.count ?? 0
        told.flapping = incident?.flapping ?? false
        told.receivers = Set(receivers)
        return told
    }
}
