import Delivery
public import Events
import Journal
import Notifier
import Rendering

/// Everything that one showing of the overview needs, read once.
struct ConsoleView: Sendable {
    /// The notifier's part; nil on a node that is none.
    struct Deliveries: Sendable {
        var digests: [Outbox.Headline]
        /// Waiting and dead ones, the newest first.
        var entries: [OutboxEntry]
        var counts: [DeliveryState: Int]
        var silences: [SilenceBook.Entry]
    }

    var node: NodeFacts
    var viewer: Viewer
    var now: Timestamp
    var board: RolloutBoard
    var version: Int
    var log: JournalStatus
    var room: DiskRoom?
    var probes: [ProbeSight]
    var forward: ForwardSight?
    var deliveries: Deliveries?
    /// Why no digest is composed; empty while all is well.
    var deskFault: String
}

/// Who looks.
struct Viewer: Sendable {
    var name: String
    /// What this session's forms carry.
    var formToken: String
    /// Whether the outbox may be changed: the scope `admin`.
    var mayRetry: Bool
}

/// What does not change while the node runs.
public struct NodeFacts: Sendable {
    public var name: String
    public var az: String
    public var roles: [String]
    public var version: String
    public var binary: String

    public init(name: String, az: String, roles: [String], version: String, binary: String) {
        self.name = name
        self.az = az
        self.roles = roles
        self.version = version
        self.binary = binary
    }
}

/// What a probe of this node did when it last looked.
public struct ProbeSight: Sendable {
    public var name: String
    public var at: Timestamp
    public var duration: Duration
    /// `answered`, or why there was no value.
    public var outcome: String
    public var isAnswered: Bool

    public init(
        name: String, at: Timestamp, duration: Duration, outcome: String, isAnswered: Bool
    ) {
        self.name = name
        self.at = at
        self.duration = duration
        self.outcome = outcome
        self.isAnswered = isAnswered
    }
}

/// How the gateway's events get to the notifier.
public struct ForwardSight: Sendable {
    public var to: String
    /// Bytes of the log that are not acknowledged yet.
    public var behind: Int
    public var failuresInARow: Int
    public var fault: String

    public init(to: String, behind: Int, failuresInARow: Int, fault: String) {
        self.to = to
        self.behind = behind
        self.failuresInARow = failuresInARow
        self.fault = fault
    }
}
