public import Events

/// One message to people: what a group, over one window, has to say.
///
/// A plain value without markup; texts from events are untrusted. Lists are
/// worst first and bounded, with exact counts of what they leave out.
public struct Digest: Sendable, Hashable {
    public enum Kind: String, Sendable, CaseIterable {
        /// An open failure.
        case failing
        /// Every place that failed is healthy again.
        case recovered
        /// The run ended by a hook's word, or no attempt came any more.
        case ended
        /// Refusals, lost lines, dead deliveries, warnings of other senders.
        case notice
        /// Many groups in one message.
        case rollup
    }

    /// Why it is sent now.
    public enum Occasion: String, Sendable, CaseIterable {
        case first
        case changed
        case repeated
    }

    /// `<thread>.<ordinal>`: names fixed bytes once stored.
    public var id: String
    /// Names the incident.
    public var thread: String
    public var kind: Kind
    public var occasion: Occasion
    public var group: GroupKey
    /// The worst last verdict over all places; nil without any verdict.
    public var status: VerdictStatus?
    /// The worst verdict of the incident; nil without any verdict.
    public var worst: VerdictStatus?
    /// The highest level among the notices; nil without any.
    public var noticeLevel: Event.Level?

    public var changes: [Change] = []
    /// Places that are not healthy, or failed within the incident.
    public var places: [Source] = []
    /// Places that never failed within the incident.
    public var healthyPlaces = 0
    /// Lines from places beyond those that are tracked.
    public var omittedLines = 0
    /// One track a metric that is or was over its limit: the worst place's.
    public var metrics: [MetricTrack] = []
    public var attempts = AttemptTally()
    public var attemptsPerRun: Int?
    /// Unhealthy attempts more that abort the run, when known.
    public var failuresUntilAbort: Int?
    public var reasons: [ReasonTally] = []
    /// Reasons of further kinds, by number of times given.
    public var omittedReasons = 0
    public var notices: [NoticeTally] = []
    /// Notices of further kinds since the last message.
    public var omittedNotices = 0
    /// Distinct policy hashes of the incident in order of appearance, at most 4.
    public var policies: [String] = []
    public var binaries: [String] = []
    /// Incidents within the flap window when the group flaps; else nil.
    public var flaps: Int?
    /// When the first of those incidents began.
    public var flapsSince: Timestamp?
    /// Whether all of it is part of a rollback rehearsal.
    public var isRehearsal = false
    /// `aborted`, `promoted`, `completed`, `paused`; nil when no hook said.
    public var outcome: String?

    /// The silence that held this back until now, or that earlier failures of
    /// the group began and ended within.
    public var silence: SilenceNote?
    /// Set when the failure is one node's own.
    public var nodeFault: NodeFault?
    /// Earlier messages of the incident that this one stands for, because they
    /// could not be delivered: id, and the receiver that did not get it.
    public var replaces: [Replaced] = []

    public struct Replaced: Sendable, Hashable {
        public var id: String
        public var receiver: String

        public init(id: String, receiver: String) {
            self.id = id
            self.receiver = receiver
        }
    }

    /// Names of receivers by the route of the settings.
    public var receivers: [String] = []

    /// Log lines folded into this message: those since the last one.
    public var events = 0
    /// Log lines of the incident.
    public var eventsInIncident = 0
    /// Lines known to be lost (shed or missing) since the group's last message.
    public var shed = 0
    /// Times carried by the folded lines, by the senders' clocks.
    public var from: Timestamp
    public var to: Timestamp
    public var incidentStart: Timestamp
    /// Set when the incident is over.
    public var incidentEnd: Timestamp?
    /// By the notifier's clock.
    public var composedAt: Timestamp
    /// How old the newest of the folded lines is by its sender's clock, where that is more than
    /// the longest window; else zero.
    public var late = Duration.zero
    /// When the group speaks again if nothing changes; nil when it is over.
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

    /// Places whose last verdict is not healthy.
    public var failingPlaces: [Source] { places.filter { $0.status.isDegraded } }
}

/// Many groups' messages in one.
public struct Rollup: Sendable, Hashable {
    public struct Member: Sendable, Hashable {
        /// The message that the group would have sent alone.
        public var id: String
        public var group: GroupKey
        public var kind: Digest.Kind
        public var status: VerdictStatus?
        public var failingPlaces: Int
        /// The worst metric, when there is one.
        public var metric: MetricTrack?
        public var events: Int
    }

    /// The worst groups, at most 40.
    public var members: [Member]
    /// All groups, the members included.
    public var groups: Int
    /// Every group is a rollout's, and none has mere notices.
    public var areCanaries = false
    /// All groups by kind, present kinds only, in the order of `Digest.Kind`.
    public var kinds: [KindCount]

    public struct KindCount: Sendable, Hashable {
        public var kind: Digest.Kind
        public var groups: Int
    }

    public init(members: [Member], groups: Int, kinds: [KindCount]) {
        self.members = members
        self.groups = groups
        self.kinds = kinds
    }
}
