import Events

/// What decides when a group speaks and how much is kept of it.
public struct DigestSettings: Sendable, Equatable {
    /// Event fields whose values name a group; dotted paths reach into the
    /// sender's own members.
    public var groupBy: [String]
    /// How long the first failure of a quiet group, or a change, is held so
    /// that what arrives together is told together.
    public var firstAfter: Duration
    /// The least time between two messages of one group.
    public var window: Duration
    /// The longest that anything is held while the reader is behind the log's head.
    public var maxWindow: Duration
    /// How often an unchanged failure is told again.
    public var repeatEvery: Duration {
        didSet { repeatMilliseconds = repeatEvery.wholeMilliseconds }
    }
    /// The same, for what is done for each line: arithmetic with a `Duration` is slow.
    private(set) var repeatMilliseconds: Int64
    /// Healthy attempts in a row, in every place that failed, that end an incident.
    public var recoverAfter: Int
    /// Messages within one `window`; what exceeds them goes into one roll-up
    /// for each set of receivers.
    public var maxGroups: Int
    /// Unhealthy attempts at which the caller aborts the run, when known: Argo's
    /// `failureLimit` and one.
    public var abortAfter: Int?
    /// How many attempts a run makes, when known.
    public var attemptsPerRun: Int?
    /// Incidents within `flapWithin` that make a group a flapping one.
    public var flapAfter: Int
    public var flapWithin: Duration
    /// Beginnings of the names of checks that speak of the node itself. A group
    /// that fails by these alone, in one place, is told of once for all groups.
    public var nodeChecks: [String]
    public var route: Route

    public init(
        groupBy: [String] = ["namespace", "rollout", "revision"],
        firstAfter: Duration = .seconds(10), window: Duration = .seconds(60),
        maxWindow: Duration = .seconds(300), repeatEvery: Duration = .seconds(1800),
        recoverAfter: Int = 2, maxGroups: Int = 20, abortAfter: Int? = nil,
        attemptsPerRun: Int? = nil, flapAfter: Int = 3, flapWithin: Duration = .seconds(3600),
        nodeChecks: [String] = ["gateway."], route: Route = Route()
    ) {
        self.groupBy = groupBy
        self.firstAfter = firstAfter
        self.window = window
        self.maxWindow = maxWindow
        self.repeatEvery = repeatEvery
        repeatMilliseconds = repeatEvery.wholeMilliseconds
        self.recoverAfter = max(1, recoverAfter)
        self.maxGroups = max(1, maxGroups)
        self.abortAfter = abortAfter
        self.attemptsPerRun = attemptsPerRun
        self.flapAfter = max(2, flapAfter)
        self.flapWithin = flapWithin
        self.nodeChecks = nodeChecks
        self.route = route
    }

    /// A flapping group needs this many times `recoverAfter` healthy attempts.
    static let flapPatience = 4

    /// Healthy attempts in a row that end an incident.
    func attemptsToRecover(flapping: Bool) -> Int {
        flapping ? recoverAfter * Self.flapPatience : recoverAfter
    }

    /// The least time between two messages of one group.
    func gap(flapping: Bool) -> Duration { flapping ? max(window, maxWindow) : window }
}
