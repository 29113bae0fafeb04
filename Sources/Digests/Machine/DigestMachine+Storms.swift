import Events

// Groups that begin to fail together and share something become one storm. Its messages replace
// theirs until they fail otherwise or are over.

extension DigestMachine {
    /// A group that may become part of a storm.
    private struct Candidate {
        let place: Int
        let start: Timestamp
        let receivers: [String]
        let traits: Set<SharedTrait>
    }

    // MARK: - Members

    /// Reports the due windows of groups that belong to a storm to it.
    mutating func reportToStorms(_ open: [Int], now: Timestamp) {
        let members = open.filter { table.groups[$0].live.storm != nil }
        guard !members.isEmpty else { return }
        for place in members { fold(place, now: now) }
        for index in shared.storms.indices { countWaiting(index) }
    }

    /// Counts the storm's groups that wait for a person, and those that reached a limit.
    private mutating func countWaiting(_ index: Int) {
        let id = shared.storms[index].id
        let members = table.groups.indices.filter { table.groups[$0].live.storm == id }
        let open = members.filter { !table.groups[$0].live.isPaused }
        shared.storms[index].count(
            paused: members.count -| open.count,
            atLimit: open.count { table.groups[$0].live.isAtLimit(settings) })
    }

    /// Closes a member's window; removes the member if it is over or fails otherwise.
    private mutating func fold(_ place: Int, now: Timestamp) {
        guard let incident = table.groups[place].live.incident, let id = incident.storm else {
            return
        }
        closeWindow(place)
        guard let index = shared.storms.firstIndex(where: { $0.id == id }) else {
            decide(place)
            release(place, now: now)
            return
        }
        if incident.isOver {
            decide(place)
            shared.storms[index].close(incident, of: table.groups[place].live.key)
            table.groups[place].live.closeIncident(isReported: true)
        } else if let primary = shared.storms[index].shared.first,
            !table.groups[place].live.traits.contains(primary)
        {
            decide(place)
            shared.storms[index].left +|= 1
            release(place, now: now)
        } else {
            // No decision: a storm has thousands of members with news in each pass, and the same lines
            // lead to the same state after a restart.
            shared.storms[index].note(table.groups[place].live)
        }
    }

    private mutating func closeWindow(_ place: Int) {
        table.groups[place].window = nil
        table.groups[place].waitsUntil = nil
        if table.groups[place].unstoredFrom == nil { table.groups[place].unstoredFrom = position }
    }

    /// Marks a state that does not follow from the log's lines alone.
    private mutating func decide(_ place: Int) {
        table.groups[place].isDecided = true
        hasClosed = true
    }

    /// Lets a group speak for itself again, at once.
    private mutating func release(_ place: Int, now: Timestamp) {
        table.groups[place].live.incident?.storm = nil
        table.groups[place].window = OpenWindow(
            opened: now, met: now, urgency: .escalation, urgentFrom: now, urgentMet: now)
    }

    private func members(of storm: String) -> [Int] {
        table.groups.indices.filter { table.groups[$0].live.storm == storm }
            .sorted { table.groups[$0].live.key.text < table.groups[$1].live.key.text }
    }

    // MARK: - Forming

    /// Adds the groups that begin to fail to storms; `open` are the groups whose windows are due.
    mutating func formStorms(of open: [Int], now: Timestamp) {
        // Groups whose windows are not due yet count, too: a storm is seen when its first message is.
        let starts = open.filter { isCandidate($0) && !table.groups[$0].live.wasReported }
            .compactMap { table.groups[$0].live.incident?.start }
        guard let latest = starts.max() else { return }
        let places = table.groups.indices.filter { place in
            guard isCandidate(place), let start = table.groups[place].live.incident?.start else {
                return false
            }
            return latest - start <= settings.storm.within
                && start - latest <= settings.storm.within
        }
        guard places.count >= settings.storm.groups || !shared.storms.isEmpty else { return }
        var candidates = places.compactMap { candidate($0, now: now) }
        candidates.removeAll { candidate in
            guard !table.groups[candidate.place].live.wasReported,
                let index = shared.storms.firstIndex(where: { storm in
                    storm.receivers == candidate.receivers
                        && storm.shared.first.map(candidate.traits.contains) ?? false
                        && candidate.start <= storm.latest + settings.storm.within
                })
            else { return false }
            join(candidate, index)
            return true
        }
        let byReceivers = Dictionary(grouping: candidates, by: \.receivers)
        for (receivers, var rest) in byReceivers.sorted(by: {
            $0.key.lexicographicallyPrecedes($1.key)
        }) {
            while shared.storms.count < Bounds.storms, let primary = primaryTrait(of: rest) {
                let members = rest.filter { $0.traits.contains(primary) }
                rest.removeAll { $0.traits.contains(primary) }
                start(members, sharing: primary, for: receivers)
            }
        }
        for index in shared.storms.indices { countWaiting(index) }
    }

    /// Whether a group's open incident may become part of a storm.
    private func isCandidate(_ place: Int) -> Bool {
        let live = table.groups[place].live
        guard live.isFailing, !live.isNoticeOnly, !live.isFlapping, live.storm == nil,
            let incident = live.incident
        else { return false }
        return !incident.isOver && !incident.isPaused && incident.silence == nil
            && incident.suppressed == nil && !incident.isRehearsal
            && live.nodeFault(settings) == nil
    }

    private func candidate(_ place: Int, now: Timestamp) -> Candidate? {
        let live = table.groups[place].live
        guard let incident = live.incident else { return nil }
        let digest = Digest(
            of: live, incident: incident, composedAt: now, shed: 0, silent: false,
            settings: settings)
        guard !silences.contains(where: { $0.silences(digest, at: now) != nil }) else { return nil }
        return Candidate(
            place: place, start: incident.start, receivers: digest.receivers, traits: live.traits)
    }

    /// The trait that makes a storm: the most specific one that nearly as many groups share as any.
    /// Nil if too few share one. A binary or a policy only if nothing else is shared.
    private func primaryTrait(of candidates: [Candidate]) -> SharedTrait? {
        var counts: [SharedTrait: Int] = [:]
        for trait in candidates.flatMap(\.traits) { counts[trait, default: 0] += 1 }
        counts = counts.filter { $0.value >= settings.storm.groups }
        let specific = counts.filter { !$0.key.kind.isVersion }
        let latest = candidates.map(\.start).max() ?? .longAgo
        counts = specific.isEmpty ? counts.filter { isTelling($0.key, at: latest) } : specific
        guard let most = counts.values.max() else { return nil }
        let wide = counts.filter { $0.value * 5 >= most * 4 }
        // Of one kind, the one that most groups share.
        return wide.min { a, b in
            a.key.kind != b.key.kind || a.value == b.value
                ? SharedTrait.order(a.key, b.key) : a.value > b.value
        }?.key
    }

    /// Whether a trait may explain failures. A binary or a policy that all groups have does not:
    /// some other group that is measured at present must have another one.
    private func isTelling(_ trait: SharedTrait, at latest: Timestamp) -> Bool {
        guard trait.kind.isVersion else { return true }
        return table.groups.indices.contains { place in
            let version =
                trait.kind == .binary
                ? table.groups[place].live.binary : table.groups[place].live.policy
            guard !version.isEmpty, version != trait.value,
                let lastSeen = table.groups[place].live.lastSeen
            else { return false }
            return lastSeen + Bounds.present >= latest
        }
    }

    private mutating func start(
        _ members: [Candidate], sharing primary: SharedTrait, for receivers: [String]
    ) {
        let starts = members.map(\.start)
        guard let first = starts.min(), let last = starts.max() else { return }
        let common = members.dropFirst().reduce(members[0].traits) { $0.intersection($1.traits) }
        let names = members.compactMap { table.groups[$0.place].live.incident?.id }.sorted()
        let id =
            "s"
            + ContentHash.hex(([primary.value] + receivers + names).joined(separator: "\0").utf8)
            .prefix(12)
        let others = common.subtracting([primary]).filter { isTelling($0, at: last) }
            .sorted(by: SharedTrait.order).prefix(8)
        shared.storms.append(
            Storm(
                id: id, receivers: receivers, shared: [primary] + others, start: first,
                latest: last))
        for member in members { join(member, shared.storms.count - 1) }
    }

    private mutating func join(_ candidate: Candidate, _ index: Int) {
        closeWindow(candidate.place)
        decide(candidate.place)
        table.groups[candidate.place].live.incident?.storm = shared.storms[index].id
        shared.storms[index].joined +|= 1
        shared.storms[index].start = min(shared.storms[index].start, candidate.start)
        shared.storms[index].latest = max(shared.storms[index].latest, candidate.start)
        shared.storms[index].note(table.groups[candidate.place].live)
    }

    // MARK: - Speaking

    /// Composes the messages of the storms that are due.
    mutating func speakOfStorms(now: Timestamp, admits: (GroupKey) -> Bool) -> [Digest] {
        var digests: [Digest] = []
        for id in shared.storms.map(\.id) {
            guard let storm = shared.storms.first(where: { $0.id == id }),
                let moment = storm.deadline(settings), moment <= now
            else { continue }
            if let digest = speak(of: id, now: now, admits: admits) { digests.append(digest) }
        }
        return digests
    }

    private mutating func speak(
        of id: String, now: Timestamp, admits: (GroupKey) -> Bool
    ) -> Digest? {
        for place in members(of: id) {
            if admits(table.groups[place].live.key) {
                fold(place, now: now)
            } else {
                beginAnew(place)
            }
        }
        guard let index = shared.storms.firstIndex(where: { $0.id == id }) else { return nil }
        if let wait = shared.mayReceive(shared.storms[index].receivers, at: now, settings) {
            shared.storms[index].waitsUntil = wait
            return nil
        }
        var messages: [Digest] = []
        for place in members(of: id) {
            let live = table.groups[place].live
            guard let incident = live.incident else { continue }
            let digest = Digest(
                of: live, incident: incident, composedAt: now,
                shed: shared.shed -| live.shedReported,
                silent: false, settings: settings)
            if silences.contains(where: { $0.silences(digest, at: now) != nil }) {
                shared.storms[index].left +|= 1
                release(place, now: now)
            } else {
                messages.append(digest)
            }
        }
        hasClosed = true
        countWaiting(index)
        var storm = shared.storms[index]
        storm.waitsUntil = nil
        let lines = messages.reduce(storm.events) { $0 +| $1.events }
        let isQuiet = storm.lastReport == storm.report && lines == storm.heldLines
        let isOver = messages.isEmpty || isQuiet && storm.reminders > 0 && storm.paused == 0
        // Nobody measures a rollout that waits for a person.
        let lastSeen =
            isQuiet && storm.paused < messages.count
            ? members(of: id).compactMap { table.groups[$0].live.lastSeen }.max() : nil
        if let acknowledgement = storm.acknowledgement, !isOver {
            if storm.isWorse || acknowledgement.until <= now {
                storm.acknowledgement = nil
            } else if storm.lastReport == storm.report {
                storm.reminders = lines > storm.heldLines ? 0 : storm.reminders +| 1
                (storm.heldAt, storm.heldLines) = (now, lines)
                shared.storms[index] = storm
                return nil
            }
        }
        let digest = Digest(
            of: storm, members: messages, isOver: isOver, unmeasuredSince: lastSeen,
            composedAt: now, settings: settings)
        for place in members(of: id) {
            table.groups[place].live.incident?.forgetReported()
            table.groups[place].live.shedReported = shared.shed
            if isOver { table.groups[place].live.closeIncident(isReported: true) }
            if table.groups[place].unstoredFrom == nil {
                table.groups[place].unstoredFrom = position
            }
            table.groups[place].isDecided = true
        }
        storm.events = 0
        storm.abortedGroups = []
        storm.ordinal +|= 1
        storm.reminders = lines > 0 ? 0 : storm.reminders +| 1
        storm.saidAt = now
        (storm.heldAt, storm.heldLines) = (nil, 0)
        storm.lastReport = storm.report
        if isOver { shared.storms.remove(at: index) } else { shared.storms[index] = storm }
        return digest
    }
}
