import Events

/// The settings for grouping, timing and routing of digests.
public struct DigestSettings: Sendable, Equatable {
    /// Event fields whose values identify a group. Dotted paths select nested
    /// members of the sender's own fields.
    public var groupBy: [String]
    /// How long the first failure of a quiet group, or a change, is delayed, so
    /// that lines that arrive together are reported together.
    public var firstAfter: Duration
    /// The minimum time between two messages of one group.
    public var window: Duration
    /// The maximum delay while the reader is behind the log's head.
    public var maxWindow: Duration
    /// How often an unchanged failure is reported again.
    public var repeatEvery: Duration
    /// The consecutive healthy attempts, in every place that failed, that end an incident.
    public var recoverAfter: Int
    /// The most messages within one `window`. Further ones are combined into one
    /// roll-up for each set of receivers.
    public var maxGroups: Int
    /// The number of unhealthy attempts at which the caller aborts the run (Argo's
    /// `failureLimit` plus one); nil if unknown.
    public var abortAfter: Int?
    /// The number of attempts of a run; nil if unknown.
    public var attemptsPerRun: Int?
    /// The number of incidents within `flapWithin` from which on a group is flapping.
    public var flapAfter: Int
    public var flapWithin: Duration
    /// Prefixes of the names of checks of the node itself. If several groups fail
    /// only by these, in one place, one message reports the fault.
    public var nodeChecks: [String]
    public var storm: StormSettings
    public var route: DigestRoute

    public init(
        groupBy: [String] = ["namespace", "rollout", "revision"],
        firstAfter: Duration = .seconds(10), window: Duration = .seconds(60),
        maxWindow: Duration = .seconds(300), repeatEvery: Duration = .seconds(1800),
        recoverAfter: Int = 2, maxGroups: Int = 20, abortAfter: Int? = nil,
        attemptsPerRun: Int? = nil, flapAfter: Int = 3, flapWithin: Duration = .seconds(3600),
        nodeChecks: [String] = ["gateway."], storm: StormSettings = StormSettings(),
        route: DigestRoute = DigestRoute()
    ) {
        self.groupBy = groupBy
        self.firstAfter = firstAfter
        self.window = window
        self.maxWindow = maxWindow
        self.repeatEvery = repeatEvery
        self.recoverAfter = max(1, recoverAfter)
        self.maxGroups = max(1, maxGroups)
        self.abortAfter = abortAfter
        self.attemptsPerRun = attemptsPerRun
        self.flapAfter = max(2, flapAfter)
        self.flapWithin = flapWithin
        self.nodeChecks = nodeChecks
        self.storm = storm
        self.route = route
    }

    /// A flapping group needs this many times `recoverAfter` healthy attempts.
    static let flapPatience = 4

    /// The number of consecutive healthy attempts that end an incident.
    func attemptsToRecover(flapping: Bool) -> Int {
        flapping ? recoverAfter * Self.flapPatience : recoverAfter
    }

    /// The minimum time between two messages of one group.
    func gap(flapping: Bool) -> Duration { flapping ? max(window, maxWindow) : window }
}

/// When many groups that begin to fail together are one incident.
public struct StormSettings: Sendable, Equatable {
    /// The least number of groups; 0 turns storms off.
    public var groups: Int
    /// The longest time between the starts of two of their failures.
    public var within: Duration
    /// The most messages that a receiver gets within a minute of a storm.
    public var messages: Int

    public init(groups: Int = 5, within: Duration = .seconds(60), messages: Int = 3) {
        self.groups = max(0, groups)
        self.within = within
        self.messages = max(1, messages)
    }

    /// No storms: every group sends its own messages.
    public static let off = StormSettings(groups: 0)

    var isOn: Bool { groups > 0 }
}
