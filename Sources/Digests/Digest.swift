public import Events

/// One message to people about a group over one window.
///
/// Contains no markup; texts from events are untrusted. Lists are bounded.
/// Places, metrics, reasons and notices are sorted worst first.
public struct Digest: Sendable, Hashable {
    public enum Kind: String, Sendable, CaseIterable {
        /// An open failure.
        case failing
        /// Every place that failed is healthy again.
        case recovered
        /// The run ended as a hook reported, or no further attempt arrived.
        case ended
        /// Refusals, lost lines, dead deliveries, warnings of other senders.
        case notice
        /// Many groups in one message.
        case rollup
    }

    /// Why the message is sent now.
    public enum Occasion: String, Sendable, CaseIterable {
        case first
        case changed
        case repeated
    }

    /// `<thread>.<ordinal>`. Once stored, the content of an id never changes.
    public var id: String
    /// The id of the incident.
    public var thread: String
    public var kind: Kind
    public var occasion: Occasion
    public var group: GroupKey
    /// The worst of the last verdicts of all places; nil without a verdict.
    public var status: VerdictStatus?
    /// The worst verdict of the incident; nil without a verdict.
    public var worst: VerdictStatus?
    /// The highest level among the notices; nil without any.
    public var noticeLevel: Event.Level?

    public var changes: [Change] = []
    /// Places that are not healthy, or failed within the incident.
    public var places: [Source] = []
    /// The number of places that never failed within the incident.
    public var healthyPlaces = 0
    /// The number of lines from places that are not tracked, because there are too many.
    public var omittedLines = 0
    /// The worst place's track for each metric that is or was over its limit.
    public var metrics: [MetricTrack] = []
    public var attempts = AttemptTally()
    public var attemptsPerRun: Int?
    /// How many more unhealthy attempts abort the run; nil if unknown.
    public var failuresUntilAbort: Int?
    /// Whether a limit is reached: the caller aborts the run or pauses the rollout.
    public var isAtLimit = false
    public var reasons: [ReasonTally] = []
    /// The number of occurrences of reasons that are not listed.
    public var omittedReasons = 0
    public var notices: [NoticeCounts] = []
    /// The number of notices since the last message whose kind is not listed.
    public var omittedNotices = 0
    /// Distinct policy hashes of the incident in order of appearance, at most 4.
    public var policies: [String] = []
    public var binaries: [String] = []
    /// The number of incidents within the flap window if the group flaps; else nil.
    public var flaps: Int?
    /// When the first of those incidents began.
    public var flapsSince: Timestamp?
    /// Whether the incident is part of a rollback rehearsal.
    public var isRehearsal = false
    /// Whether this is a sample, which must not look like news.
    public var isTest = false
    /// `aborted`, `promoted`, `completed`; `paused` while the rollout waits for a person; nil if no
    /// hook reported one. Of many groups, the one that all of them have.
    public var outcome: String?
    /// The sender's own reason for the outcome, untrusted; at most 400 characters.
    public var outcomeReason: String?
    /// When the failing places were last measured, if no attempt arrived since the last message.
    public var unmeasuredSince: Timestamp?

    /// Since when the bucket has not answered, if the node sends without it: the other node of the
    /// pair may send the same.
    public var aloneSince: Timestamp?

    /// What events report about the rollout.
    public var context = RolloutContext()

    /// Who looks after the incident; nil if nobody does.
    public var acknowledgement: Acknowledgement?
    /// The silence that delayed this message, or within which earlier failures of
    /// the group began and ended.
    public var silence: SilenceNote?
    /// Set if the failure is a fault of one node.
    public var nodeFault: NodeFault?
    /// Earlier messages of the incident that could not be delivered and that this
    /// one replaces.
    public var replaces: [Replaced] = []

    public struct Replaced: Sendable, Hashable {
        public var id: String
        public var receiver: String

        public init(id: String, receiver: String) {
            self.id = id
            self.receiver = receiver
        }
    }

    /// The names of the receivers that the route selects.
    public var receivers: [String] = []
    /// The receivers that had too many messages in a storm, and when they get this one.
    public var notBefore: [String: Timestamp] = [:]

    /// The number of log lines since the last message.
    public var events = 0
    /// The number of log lines of the incident.
    public var eventsInIncident = 0
    /// The number of lines lost (shed or missing) since the group's last message.
    public var shed = 0
    /// The earliest and the latest time of these lines, by the senders' clocks.
    public var from: Timestamp
    public var to: Timestamp
    public var incidentStart: Timestamp
    /// Set when the incident is over.
    public var incidentEnd: Timestamp?
    /// By the notifier's clock.
    public var composedAt: Timestamp
    /// How old the newest of the folded lines is by its sender's clock, if that is more than the
    /// longest window; else zero.
    public var late = Duration.zero
    /// When the next message is due if nothing changes, whether or not an attempt arrives; nil if
    /// there is none.
    public var next: Timestamp?
    /// Set when `kind` is `rollup`.
    public var rollup: Rollup?

    public init(
        id: String, thread: String, kind: Kind, occasion: Occasion, group: GroupKey,
        from: Timestamp, to: Timestamp, incidentStart: Timestamp, composedAt: Timestamp
    ) {
        self.id = id
        self.thread = thread
        self.kind = kind
        self.occasion = occasion
        self.group = group
        self.from = from
        self.to = to
        self.incidentStart = incidentStart
        self.composedAt = composedAt
    }

    /// The kind as messages name it: an open failure without an unhealthy place is `degraded` or
    /// `unknown`.
    public var kindWord: String {
        guard kind == .failing, let status, status == .degraded || status == .unknown else {
            return kind.rawValue
        }
        return status.rawValue
    }

    /// Places whose last verdict is not healthy.
    public var failingPlaces: [Source] { places.filter { $0.status.isDegraded } }
}

/// The messages of many groups in one.
public struct Rollup: Sendable, Hashable {
    public struct Member: Sendable, Hashable {
        /// The id of the message that the group would have sent alone.
        public var id: String
        public var group: GroupKey
        public var kind: Digest.Kind
        public var status: VerdictStatus?
        /// How the run ended, or `paused`; nil if no hook reported it.
        public var outcome: String?
        public var isAtLimit: Bool
        public var failingPlaces: Int
        /// The worst metric, if there is one.
        public var metric: MetricTrack?
        public var events: Int
    }

    /// The worst groups that still fail, at most 40.
    public var members: [Member]
    /// The number of groups, the members included.
    public var groups: Int
    /// Whether every group has a rollout and none has only notices.
    public var areCanaries = false
    /// The number of groups of each kind that occurs, in the order of `Digest.Kind`.
    public var kinds: [KindCount]

    public struct KindCount: Sendable, Hashable {
        public var kind: Digest.Kind
        public var groups: Int
    }

    /// Whether everything that it reports is over.
    public var isOver: Bool {
        storm == nil && !kinds.isEmpty
            && kinds.allSatisfy { [.ended, .recovered].contains($0.kind) }
    }

    /// Set if the groups are one incident, whose members are at most ten.
    public var storm: Outbreak?

    /// What groups that fail together share, and how many there were.
    public struct Outbreak: Sendable, Hashable {
        /// The trait that made them one incident first.
        public var shared: [SharedTrait]
        /// The number of groups so far. Those that are not over, waiting or left still fail.
        public var joined: Int
        public var recovered: Int
        public var aborted: Int
        /// Promoted, completed, or no longer measured.
        public var ended: Int
        /// The groups that fail otherwise now and have messages of their own.
        public var left: Int
        /// The groups that wait for a person.
        public var paused: Int
        /// The groups whose caller is about to abort the run or to pause the rollout.
        public var atLimit: Int
    }

    public init(members: [Member], groups: Int, kinds: [KindCount]) {
        self.members = members
        self.groups = groups
        self.kinds = kinds
    }
}
