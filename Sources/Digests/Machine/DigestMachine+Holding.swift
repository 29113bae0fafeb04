public import Events

// Messages are held back by silences, and by other groups that report the same
// fault of a node. A group that is held back keeps its state.

extension DigestMachine {
    /// Returns the messages held back since the last call, for the log. Contains a
    /// group once for each silence or node fault.
    public mutating func takeSuppressions() -> [Suppression] {
        defer { suppressions = [] }
        return suppressions
    }

    /// Why `digest` is held back; nil if it may be sent.
    func reasonToWait(
        _ digest: Digest, _ state: GroupState, at now: Timestamp
    ) -> Suppression.Cause? {
        for silence in silences {
            if let until = silence.silences(digest, at: now) {
                return .silence(silence, until: until)
            }
        }
        // The receivers of an incident's first message also get its end. Nobody else reports what
        // happens to this rollout: its abort, its pause, its limit.
        guard let incident = state.incident, incident.lastReport == nil, incident.outcome == nil,
            !state.isAtLimit(settings), let place = state.nodeFault(settings),
            let thread = source(ofFaultAt: place.id, telling: digest.receivers)
        else { return nil }
        return .nodeFault(az: place.az, node: place.node, thread: thread)
    }

    mutating func hold(
        _ digest: Digest, back cause: Suppression.Cause, _ state: inout GroupState, isOver: Bool
    ) {
        guard let incident = state.incident else { return }
        switch cause {
        case .silence(let silence, let until):
            if incident.silence?.id != silence.id {
                suppressions.append(Suppression(digest: digest, cause: cause))
            }
            state.incident?.silence = SilenceNote(silence, until: until, after: incident.silence)
            // The incident began and ended within the silence: the next message counts it.
            if isOver, incident.lastReport == nil {
                var note = SilenceNote(
                    silence, until: until, after: incident.silence ?? state.endedInSilence)
                note.unreported = (state.endedInSilence?.unreported ?? 0) +| incident.events
                state.endedInSilence = note
                state.closeIncident(isReported: false)
            }
        case .nodeFault(let az, let node, let thread):
            let suppressed = SuppressedGroup(place: "\(az)\u{1F}\(node)", thread: thread)
            if incident.suppressed != suppressed {
                suppressions.append(Suppression(digest: digest, cause: cause))
            }
            state.incident?.suppressed = suppressed
        }
    }

    // MARK: - Silences

    /// Marks every silenced group for evaluation, after the silences changed.
    mutating func wakeSilenced() {
        for place in table.groups.indices where table.groups[place].live.incident?.silence != nil {
            table.groups[place].asksAgain = true
        }
    }

    // MARK: - Faults of nodes

    /// The thread of an open incident that reported the same fault to all `receivers`.
    private func source(ofFaultAt place: String, telling receivers: [String]) -> String? {
        let threads = table.groups.indices.compactMap { index -> String? in
            let group = table.groups[index]
            guard let incident = group.live.incident, let lastReport = incident.lastReport,
                incident.recoveredAt == nil, incident.outcome == nil,
                lastReport.receivers.isSuperset(of: receivers),
                group.live.nodeFault(settings)?.id == place
            else { return nil }
            return incident.id
        }
        return threads.min()
    }

    /// Marks groups held back for a node fault for evaluation, once the incident that
    /// reported the fault is over or has another cause, too.
    mutating func revisitSuppressed() {
        let quiet = table.groups.indices.filter { table.groups[$0].live.isSuppressed }
        guard !quiet.isEmpty else { return }
        var speaking: [String: Set<String>] = [:]
        for index in table.groups.indices {
            guard let incident = table.groups[index].live.incident, incident.lastReport != nil,
                incident.recoveredAt == nil, incident.outcome == nil,
                let place = table.groups[index].live.nodeFault(settings)
            else { continue }
            speaking[place.id, default: []].insert(incident.id)
        }
        for index in quiet {
            guard let suppressed = table.groups[index].live.incident?.suppressed,
                speaking[suppressed.place]?.contains(suppressed.thread) != true
            else { continue }
            table.groups[index].asksAgain = true
        }
    }

    /// Adds the groups that are held back to the message of a node fault.
    func countSuppressed(of digest: inout Digest) {
        guard digest.nodeFault != nil else { return }
        let suppressed = table.groups.indices.map { table.groups[$0].live }
            .filter { $0.incident?.suppressed?.thread == digest.thread }
            .map(\.key).sorted { $0.text < $1.text }
        digest.nodeFault?.suppressed = suppressed.count
        digest.nodeFault?.names = Array(suppressed.prefix(Bounds.suppressedNames))
    }
}

/// A message that was held back, with the cause.
public struct Suppression: Sendable, Hashable {
    public enum Cause: Sendable, Hashable {
        case silence(Silence, until: Timestamp)
        /// A fault of a node that the message of `thread` reports.
        case nodeFault(az: String, node: String, thread: String)
    }

    /// The message as it would have been sent.
    public let digest: Digest
    public let cause: Cause
}

/// A node fault that another group already reported to the same receivers.
///
/// While it is set, the group sends no message of its own.
struct SuppressedGroup: Sendable, Hashable {
    /// `Source.id` of the place at fault.
    let place: String
    /// The thread of the incident that reported it.
    let thread: String
}
