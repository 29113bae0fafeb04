import Events

/// Something that all groups of a storm have in common.
public struct SharedTrait: Sendable, Hashable {
    /// The most specific kind first.
    public enum Kind: String, Sendable, CaseIterable {
        case node
        case az
        /// A check that does not pass, also one of a dependency.
        case check
        case binary
        case policy

        /// Whether it is a version of the judge: most groups have the same.
        var isVersion: Bool { self == .binary || self == .policy }
    }

    public let kind: Kind
    public let value: String

    public init(_ kind: Kind, _ value: String) {
        self.kind = kind
        self.value = value
    }

    static func order(_ a: SharedTrait, _ b: SharedTrait) -> Bool {
        let (left, right) = (a.kind.rank, b.kind.rank)
        return left == right ? a.value < b.value : left < right
    }
}

extension SharedTrait.Kind {
    fileprivate var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// Groups that began to fail together and share something: one incident with its own messages.
///
/// The groups that belong to it have its id in their incident.
struct Storm: Sendable, Hashable {
    /// What a message of the storm reported.
    struct Report: Sendable, Hashable {
        var joined = 0
        var over = 0
        var aborted = 0
        var left = 0
        var paused = 0
        var atLimit = 0
        /// The number of zones.
        var zones = 0
        var worst: VerdictStatus?
        var acknowledgement: Acknowledgement?
    }

    /// The thread of the storm's messages.
    let id: String
    let receivers: [String]
    /// The trait that made the storm first, then what else all its groups shared.
    let shared: [SharedTrait]
    /// When the first of its groups began to fail, and the last one.
    var start: Timestamp
    var latest: Timestamp
    var ordinal = 0
    /// When its last message was composed, by the notifier's clock.
    var saidAt: Timestamp?
    /// The number of groups so far, and of those that are over or failed otherwise since.
    var joined = 0
    var recovered = 0
    var aborted = 0
    var ended = 0
    var left = 0
    /// The groups that wait for a person at present.
    var paused = 0
    /// The groups whose caller is about to abort the run or to pause the rollout.
    var atLimit = 0
    /// The zones in which its groups failed, nodes without a zone included, in order of
    /// appearance; at most 32.
    var zones: [String] = []
    /// The first groups that were aborted since the last message, at most 10.
    var abortedGroups: [GroupKey] = []
    var worst: VerdictStatus?
    /// Lines since the last message of groups that are over.
    var events = 0
    /// The number of lines of groups that are over.
    var eventsInIncident = 0
    var lastReport: Report?
    /// The number of messages in a row that had no new line to report.
    var reminders = 0
    /// Who looks after the storm, until it gets worse or the time is over.
    var acknowledgement: Acknowledgement?
    /// When a reminder was due last that the acknowledgement held back, and the lines since the
    /// last message then.
    var heldAt: Timestamp?
    var heldLines = 0
    /// When its receivers may get a message again; not stored.
    var waitsUntil: Timestamp?

    init(
        id: String, receivers: [String], shared: [SharedTrait], start: Timestamp, latest: Timestamp
    ) {
        self.id = id
        self.receivers = receivers
        self.shared = shared
        self.start = start
        self.latest = latest
    }

    /// What the next message reports.
    var report: Report {
        Report(
            joined: joined, over: recovered +| aborted +| ended, aborted: aborted, left: left,
            paused: paused, atLimit: atLimit, zones: zones.count, worst: worst,
            acknowledgement: acknowledgement)
    }

    /// Whether the next message may not wait for the window.
    private var isUrgent: Bool { isWorse || acknowledgement != lastReport?.acknowledgement }

    /// Whether the storm got much larger or worse since the last message: another run was aborted,
    /// waits for a person or reached a limit, or another zone fails.
    var isWorse: Bool {
        guard let lastReport else { return true }
        return joined >= lastReport.joined *| 2 || worst ?? .healthy > lastReport.worst ?? .healthy
            || aborted > lastReport.aborted || paused > lastReport.paused
            || atLimit > lastReport.atLimit || zones.count > lastReport.zones
    }

    /// When the next message is due.
    func deadline(_ settings: DigestSettings) -> Timestamp? {
        guard let saidAt, !isUrgent else { return waitsUntil ?? .longAgo }
        var moment = saidAt + (report == lastReport ? settings.repeatEvery : settings.window)
        if report == lastReport, let heldAt {
            moment = heldAt + settings.repeatEvery
            if let acknowledgement { moment = min(moment, acknowledgement.until) }
        }
        return waitsUntil.map { max($0, moment) } ?? moment
    }

    /// Raises the worst verdict to the present one of a group, and adds the zones where it fails.
    mutating func note(_ state: GroupState) {
        for source in state.sources {
            worst = max(worst ?? source.status, source.status)
            let zone = source.az.isEmpty ? source.node : source.az
            guard source.status.isDegraded, !zone.isEmpty, zones.count < Bounds.sources,
                !zones.contains(zone)
            else { continue }
            zones.append(zone)
        }
    }

    /// Sets the numbers of groups that wait for a person and that reached a limit. A lower number
    /// is not news, but what comes after it is.
    mutating func count(paused: Int, atLimit: Int) {
        (self.paused, self.atLimit) = (paused, atLimit)
        guard let lastReport else { return }
        self.lastReport?.paused = min(lastReport.paused, paused)
        self.lastReport?.atLimit = min(lastReport.atLimit, atLimit)
    }

    /// Counts the end of the incident of the group with this key.
    mutating func close(_ incident: Incident, of key: GroupKey) {
        events +|= incident.unreported
        eventsInIncident +|= incident.events
        if incident.outcome == "aborted" {
            aborted +|= 1
            if abortedGroups.count < Bounds.worst { abortedGroups.append(key) }
        } else if incident.outcome != nil {
            ended +|= 1
        } else {
            recovered +|= 1
        }
    }
}

extension GroupState {
    /// What the group may share with others: what holds for all its failing places.
    var traits: Set<SharedTrait> {
        guard let incident else { return [] }
        let failing = sources.filter(\.status.isDegraded)
        let places = failing.isEmpty ? sources.filter(\.failed) : failing
        var traits: Set<SharedTrait> = []
        if let first = places.first {
            if !first.node.isEmpty, places.allSatisfy({ $0.node == first.node }) {
                traits.insert(SharedTrait(.node, first.node))
            }
            if !first.az.isEmpty, places.allSatisfy({ $0.az == first.az }) {
                traits.insert(SharedTrait(.az, first.az))
            }
        }
        for track in places.flatMap(\.metrics) where failing.isEmpty ? track.wasOver : track.isOver
        {
            traits.insert(SharedTrait(.check, track.metric))
        }
        for tally in incident.reasons { traits.insert(SharedTrait(.check, tally.reason.check)) }
        if incident.binaries.count == 1 {
            traits.insert(SharedTrait(.binary, incident.binaries[0]))
        }
        if incident.policies.count == 1 {
            traits.insert(SharedTrait(.policy, incident.policies[0]))
        }
        return traits
    }
}
