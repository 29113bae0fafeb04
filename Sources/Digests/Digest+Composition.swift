import Events

extension Digest {
    /// Composes the message of a group that has an incident.
    init(
        of state: GroupState, incident: Incident, composedAt: Timestamp, shed: Int,
        silent: Bool, settings: DigestSettings
    ) {
        let isOver = incident.isOver || silent
        let kind: Kind =
            if incident.isNoticeOnly, incident.outcome == nil {
                .notice
            } else if incident.outcome != nil && !incident.isPaused || silent {
                .ended
            } else if incident.recoveredAt != nil, !incident.isPaused {
                .recovered
            } else {
                .failing
            }
        let changes = state.changes(settings)
        self.init(
            id: "\(incident.id).\(incident.ordinal +| 1)", thread: incident.id, kind: kind,
            occasion: incident.lastReport == nil
                ? .first : changes.isEmpty && !isOver ? .repeated : .changed,
            group: state.key, from: incident.unreportedFrom ?? incident.start,
            to: incident.unreportedTo ?? composedAt, incidentStart: incident.start,
            composedAt: composedAt)
        self.changes =
            incident.lastReport == nil
            ? changes.filter { [.flapping, .paused, .inconclusiveLimit].contains($0) } : changes

        places = state.sources.filter { $0.failed || $0.status.isDegraded }
            .map(\.worstMetricsFirst).sorted(by: Source.worstFirst)
        healthyPlaces = state.sources.count - places.count
        omittedLines = incident.omittedLines
        status = places.map(\.status).max() ?? (state.sources.isEmpty ? nil : .healthy)
        if let untracked = incident.untracked, incident.recoveredAt == nil,
            composedAt < untracked.at + settings.repeatEvery
        {
            status = max(status ?? .healthy, untracked.status)
        }
        worst = incident.worst
        metrics = Self.worstPerMetric(places)
        attempts = incident.attempts
        attemptsPerRun = state.attemptsPerRun(settings)
        failuresUntilAbort = isOver ? nil : state.failuresUntilAbort(settings)
        isAtLimit = !isOver && state.isAtLimit(settings)
        reasons = incident.reasons.sorted(by: ReasonTally.worstFirst)
        omittedReasons = incident.omittedReasons
        notices = incident.notices.filter { $0.unreported > 0 }.sorted(by: NoticeCounts.worstFirst)
        omittedNotices = incident.omittedNotices
        noticeLevel = incident.notices.map(\.level).max()
        policies = incident.policies
        binaries = incident.binaries
        flaps = incident.flapping ? state.starts.count : nil
        flapsSince = incident.flapping ? state.starts.first : nil
        outcome = incident.outcome
        outcomeReason = incident.outcomeReason
        if incident.lastReport != nil, incident.unreported == 0, !incident.isNoticeOnly {
            unmeasuredSince = state.lastSeen
        }
        context = state.context
        isRehearsal = incident.isRehearsal
        silence = incident.silence ?? state.endedInSilence
        silence?.unreported = state.endedInSilence?.unreported ?? 0
        if let place = state.nodeFault(settings) {
            nodeFault = NodeFault(az: place.az, node: place.node)
        }
        events = incident.unreported
        eventsInIncident = incident.events
        self.shed = shed
        // While the rollout waits for a person it is not over, also if its metrics recovered.
        incidentEnd =
            isOver ? incident.recoveredAt ?? incident.unreportedTo ?? state.lastSeen : nil
        acknowledgement = isOver ? nil : incident.acknowledgement
        next =
            isOver || incident.isNoticeOnly
            ? nil
            : max(composedAt + settings.repeatEvery, acknowledgement?.until ?? composedAt)
        receivers = settings.route.receivers(for: self)
    }

    /// The worst place's track for each metric that is or was over its limit.
    private static func worstPerMetric(_ places: [Source]) -> [MetricTrack] {
        var worst: [String: MetricTrack] = [:]
        for track in places.flatMap(\.metrics) where track.isOver || track.wasOver {
            if let known = worst[track.metric], !MetricTrack.worstFirst(track, known) { continue }
            worst[track.metric] = track
        }
        return worst.values.sorted(by: MetricTrack.worstFirst)
    }

    /// Combines messages with the same receivers into one.
    init(rollingUp digests: [Digest], composedAt: Timestamp) {
        let ranked = digests.sorted(by: Self.worstFirst)
        let id =
            "r" + ContentHash.hex(ranked.map(\.id).joined(separator: "\n").utf8).prefix(12)
        self.init(
            id: "\(id).1", thread: id, kind: .rollup, occasion: .first,
            group: GroupKey([]), from: digests.map(\.from).min() ?? composedAt,
            to: digests.map(\.to).max() ?? composedAt,
            incidentStart: digests.map(\.incidentStart).min() ?? composedAt,
            composedAt: composedAt)
        status = digests.compactMap(\.status).max()
        worst = digests.compactMap(\.worst).max()
        noticeLevel = digests.compactMap(\.noticeLevel).max()
        events = digests.reduce(0) { $0 +| $1.events }
        eventsInIncident = digests.reduce(0) { $0 +| $1.eventsInIncident }
        // All groups report the same lost lines, so their counts are not added.
        shed = digests.map(\.shed).max() ?? 0
        late = digests.map(\.late).max() ?? .zero
        next = digests.compactMap(\.next).min()
        receivers = digests.first?.receivers ?? []
        rollup = Rollup(
            members: ranked.prefix(Bounds.members).map(Rollup.Member.init(of:)),
            groups: digests.count,
            kinds: Kind.allCases.compactMap { kind in
                let count = digests.count { $0.kind == kind }
                return count == 0 ? nil : Rollup.KindCount(kind: kind, groups: count)
            })
        let outcomes = Set(digests.map { $0.kind == .ended ? $0.outcome : nil })
        outcome = outcomes.count == 1 ? outcomes.first ?? nil : nil
        rollup?.areCanaries = digests.allSatisfy {
            $0.group["rollout"] != nil && $0.kind != .notice
        }
    }

    /// Composes a message of a storm; `members` are the messages that its groups would send.
    ///
    /// - Parameter unmeasuredSince: The last measurement, if there was none since the last message.
    init(
        of storm: Storm, members: [Digest], isOver: Bool, unmeasuredSince: Timestamp?,
        composedAt: Timestamp, settings: DigestSettings
    ) {
        let ranked = members.sorted(by: Self.worstFirst)
        let kind: Kind =
            !isOver
            ? .rollup
            : members.isEmpty && storm.aborted == 0 && storm.ended == 0 && storm.left == 0
                ? .recovered : .ended
        let places = storm.shared.filter { $0.kind == .az || $0.kind == .node }
        self.init(
            id: "\(storm.id).\(storm.ordinal +| 1)", thread: storm.id, kind: kind,
            occasion: storm.lastReport == nil
                ? .first : storm.lastReport == storm.report && !isOver ? .repeated : .changed,
            group: GroupKey(places.map { GroupKey.Field($0.kind.rawValue, $0.value) }),
            from: members.map(\.from).min() ?? storm.saidAt ?? storm.start,
            to: members.map(\.to).max() ?? composedAt, incidentStart: storm.start,
            composedAt: composedAt)
        status = members.compactMap(\.status).max() ?? (kind == .recovered ? .healthy : nil)
        worst = storm.worst
        events = members.reduce(storm.events) { $0 +| $1.events }
        eventsInIncident = members.reduce(storm.eventsInIncident) { $0 +| $1.eventsInIncident }
        // All groups report the same lost lines, so their counts are not added.
        shed = members.map(\.shed).max() ?? 0
        self.unmeasuredSince = unmeasuredSince
        incidentEnd = isOver ? unmeasuredSince ?? composedAt : nil
        if kind == .ended, members.isEmpty, storm.aborted > 0, storm.recovered == 0,
            storm.ended == 0, storm.left == 0
        {
            outcome = "aborted"
        }
        acknowledgement = isOver ? nil : storm.acknowledgement
        next =
            isOver
            ? nil : max(composedAt + settings.repeatEvery, acknowledgement?.until ?? composedAt)
        receivers = storm.receivers
        var rollup = Rollup(
            members: ranked.prefix(Bounds.worst).map(Rollup.Member.init(of:)),
            groups: members.count, kinds: [])
        if !members.isEmpty {
            rollup.kinds = [Rollup.KindCount(kind: .failing, groups: members.count)]
        }
        rollup.areCanaries = members.allSatisfy { $0.group["rollout"] != nil }
        rollup.storm = Rollup.Outbreak(
            shared: storm.shared, joined: storm.joined, recovered: storm.recovered,
            aborted: storm.aborted, ended: storm.ended +| (isOver ? members.count : 0),
            left: storm.left, paused: storm.paused, atLimit: storm.atLimit)
        self.rollup = rollup
        changes = Self.changes(of: storm, ranked)
    }

    /// What happened to the runs of a storm since its last message, and where it fails since.
    private static func changes(of storm: Storm, _ members: [Digest]) -> [Change] {
        let before = storm.lastReport ?? Storm.Report()
        var changes: [Change] = []
        if storm.aborted > before.aborted {
            changes.append(
                .runs(
                    .aborted, groups: storm.abortedGroups, count: storm.aborted -| before.aborted))
        }
        func add(_ turn: Change.Turn, _ runs: [Digest]) {
            guard !runs.isEmpty else { return }
            changes.append(
                .runs(turn, groups: runs.prefix(Bounds.worst).map(\.group), count: runs.count))
        }
        // A run that waits has no lines after the one that made it wait.
        let changed = members.filter { $0.events > 0 }
        if storm.atLimit > before.atLimit {
            add(.atLimit, changed.filter { $0.isAtLimit && $0.outcome != "paused" })
        }
        if storm.paused > before.paused { add(.paused, changed.filter { $0.outcome == "paused" }) }
        guard storm.lastReport != nil else { return changes }
        for zone in storm.zones.dropFirst(before.zones) {
            let places = members.flatMap(\.places).filter {
                ($0.az.isEmpty ? $0.node : $0.az) == zone
            }
            guard let status = places.map(\.status).max(), status.isDegraded else { continue }
            changes.append(.place(az: zone, node: "", status: status))
        }
        return changes
    }

    /// Sorts the worst digest first: storms and open failures before others, then by verdict,
    /// number of failing places, worst metric, group.
    static func worstFirst(_ a: Digest, _ b: Digest) -> Bool {
        func rank(_ digest: Digest) -> (Int, Int, Int, Double) {
            let open = digest.rollup?.storm != nil ? 2 : digest.kind == .failing ? 1 : 0
            let verdict = VerdictStatus.allCases.firstIndex(of: digest.status ?? .healthy) ?? 0
            return (open, verdict, digest.failingPlaces.count, digest.metrics.first?.excess ?? 0)
        }
        let (left, right) = (rank(a), rank(b))
        return left == right ? a.group.text < b.group.text : left > right
    }
}

extension Rollup.Member {
    init(of digest: Digest) {
        self.init(
            id: digest.id, group: digest.group, kind: digest.kind, status: digest.status,
            outcome: digest.outcome, isAtLimit: digest.isAtLimit,
            failingPlaces: digest.failingPlaces.count, metric: digest.metrics.first,
            events: digest.events)
    }
}

extension Source {
    var worstMetricsFirst: Source {
        var copy = self
        copy.metrics.sort(by: MetricTrack.worstFirst)
        return copy
    }

    /// Sorts the worst place first: by verdict, then by its worst metric, then by name.
    static func worstFirst(_ a: Source, _ b: Source) -> Bool {
        if a.status != b.status { return a.status > b.status }
        let (left, right) = (a.metrics.first, b.metrics.first)
        if let left, let right {
            if left.state != right.state { return left.state > right.state }
            if left.excess != right.excess { return left.excess > right.excess }
        }
        return a.id < b.id
    }
}

extension GroupState {
    /// The time of the latest verdict of any place.
    var lastSeen: Timestamp? { sources.flatMap(\.lanes).map(\.lastSeen).max() }
}
