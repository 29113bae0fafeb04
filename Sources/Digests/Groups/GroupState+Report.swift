import Events

// What the next message of a group reports, and what the messages so far have reported.

extension GroupState {
    /// Whether every place that failed has recovered or was not measured since the last message,
    /// and at least one was not.
    func isUnmeasured(_ settings: DigestSettings) -> Bool {
        guard isFailing, !isNoticeOnly else { return false }
        let attempts = settings.attemptsToRecover(flapping: isFlapping)
        return sources.allSatisfy { $0.hasRecovered(after: attempts, orQuiet: true) }
            && !sources.allSatisfy { $0.hasRecovered(after: attempts) }
    }

    /// Whether the caller's limit of inconclusive attempts is exceeded: it pauses the rollout.
    var isInconclusive: Bool {
        for i in sources.indices {
            for j in sources[i].lanes.indices {
                if let limit = sources[i].lanes[j].inconclusiveLimit,
                    sources[i].lanes[j].inconclusive > limit
                {
                    return true
                }
            }
        }
        return false
    }

    /// Whether a limit of the caller is reached: it aborts the run or pauses the rollout.
    func isAtLimit(_ settings: DigestSettings) -> Bool {
        isInconclusive || failuresUntilAbort(settings) == 0
    }

    /// How many more unhealthy attempts abort the run; nil if the limit is unknown or
    /// no attempt was unhealthy. The caller's limit precedes that of the settings.
    func failuresUntilAbort(_ settings: DigestSettings) -> Int? {
        guard mayAbort(settings) else { return nil }
        return sources.flatMap(\.lanes).filter { $0.failures > 0 }.compactMap { lane in
            (lane.failureLimit.map { $0 +| 1 } ?? settings.abortAfter).map {
                max(0, $0 -| lane.failures)
            }
        }.min()
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
        let left = failuresUntilAbort(settings)
        if incident.isPaused, !lastReport.paused { changes.append(.paused) }
        if left == 0, !lastReport.failureLimit { changes.append(.failureLimit) }
        if isInconclusive, !lastReport.inconclusiveLimit { changes.append(.inconclusiveLimit) }
        if left == 1, !lastReport.lastChance { changes.append(.lastChance) }
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
        // One that got worse is sent to everybody again; that change is listed itself.
        if incident.acknowledgement != lastReport.acknowledgement, !changes.areWorse {
            changes.append(incident.acknowledgement == nil ? .released : .acknowledged)
        }
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
        let left = failuresUntilAbort(settings)
        lastReport.lastChance = left == 1
        lastReport.failureLimit = left == 0
        lastReport.inconclusiveLimit = isInconclusive
        lastReport.paused = incident?.isPaused ?? false
        lastReport.policies = incident?.policies.count ?? 0
        lastReport.binaries = incident?.binaries.count ?? 0
        lastReport.flapping = incident?.flapping ?? false
        lastReport.acknowledgement = incident?.acknowledgement
        lastReport.receivers = Set(receivers)
        return lastReport
    }

    /// The worst reported status of a place's zone; of the place itself if it has no zone.
    func reported(zoneOf source: Source, in lastReport: LastReport) -> VerdictStatus {
        guard !source.az.isEmpty else { return lastReport.statuses[source.id] ?? .healthy }
        let zone = source.az + Source.separator
        return lastReport.statuses.lazy.filter { $0.key.hasPrefix(zone) }.map(\.value).max()
            ?? .healthy
    }

    /// Counts a message that did not wait for its window.
    mutating func noteBurst(at now: Timestamp, _ settings: DigestSettings) {
        if let burstFrom, now < burstFrom + settings.window {
            burst +|= 1
        } else {
            (burstFrom, burst) = (now, 1)
        }
    }

    /// Tracks rehearsals, and clears the incident's mark at a failure outside of one.
    ///
    /// A real failure is never reported as a rehearsal.
    mutating func markRehearsal(_ line: EventView, _ role: EventRole) {
        let mayBeRehearsal = line.plain(.event)?.first.map { $0 == UInt8(ascii: "r") } ?? true
        if mayBeRehearsal {
            switch line.text(.event) {
            case EventName.rehearsalStarted:
                rehearsingUntil = line.ts + Bounds.rehearsal
                return
            case EventName.rehearsalFinished, EventName.rehearsalFailed:
                if rehearsingUntil != nil { rehearsedAt = line.ts }
                rehearsingUntil = nil
                return
            default: break
            }
        }
        if case .verdict(let status) = role, status.isDegraded, !isRehearsing(at: line.ts) {
            incident?.isRehearsal = false
        }
    }

    /// Whether a rehearsal is in progress.
    func isRehearsing(at moment: Timestamp) -> Bool {
        rehearsingUntil.map { moment <= $0 } ?? false
    }

    /// Whether a rehearsal may have caused an abort: it is in progress, or has just ended.
    func mayRehearsalAbort(at moment: Timestamp) -> Bool {
        isRehearsing(at: moment)
            || rehearsedAt.map { moment <= $0 + Bounds.stragglers } ?? false
    }
}

/// How soon a line has to be reported.
enum News: Int, Sendable, Comparable {
    /// Not on its own account.
    case none
    /// With what else comes within the window.
    case gathered
    /// At once, unless the group has just sent several messages: it got worse.
    case escalation
    /// At once in any case: a person has to act, or the run is over.
    case decisive

    static func < (a: News, b: News) -> Bool { a.rawValue < b.rawValue }
}
