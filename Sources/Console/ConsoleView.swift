import Delivery
import Digests
public import Events
import EventLog
import Notifier
import Rendering
import State

/// The data of one overview page, read once.
struct ConsoleView: Sendable {
    /// Data of a notifier.
    struct Deliveries: Sendable {
        var digests: [DigestTable.Headline]
        /// Waiting and dead deliveries, newest first.
        var entries: [OutboxEntry]
        var counts: [DeliveryState: Int]
        var silences: [SilenceBook.Entry]
        /// Numbers of waiting and dead deliveries.
        var byReceiver: [String: [DeliveryState: Int]] = [:]
    }

    var node: NodeFacts
    var viewer: Viewer
    var now: Timestamp
    var board: RolloutBoard
    var version: Int
    var log: EventLogStatus
    var space: DiskSpace?
    var probes: [ProbeStatusView]
    var forward: ForwardStatusView?
    /// nil when this node is not a notifier.
    var deliveries: Deliveries?
    /// The gateways that forward to this node.
    var gateways: [KnownGateway] = []
    /// Why no digest is composed; empty when there is no fault.
    var digestFault: String
    var incidents: [OpenIncident] = []
    var receivers: [DeliveryService.ReceiverState] = []
}

/// The person who views a page.
struct Viewer: Sendable {
    var name: String
    /// The token in this session's forms.
    var formToken: String
    /// Whether the viewer may send forms: a session with the scope `admin`.
    var mayChange: Bool
}

/// Facts about the node that do not change while it runs.
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

/// The latest result of a probe of this node.
public struct ProbeStatusView: Sendable {
    public var name: String
    public var at: Timestamp
    public var duration: Duration
    /// `answered`, or why the probe returned no value.
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

/// The state of forwarding to the notifier.
public struct ForwardStatusView: Sendable {
    /// The address in use, or all of them before the first request.
    public var to: String
    /// Bytes of the log that are not yet acknowledged.
    public var behind: Int
    /// Bytes of the log that are not yet known to be safe on the notifier: without a bucket there,
    /// those that are not acknowledged.
    public var unsafe: Int
    public var failuresInARow: Int
    public var fault: String

    public init(to: String, behind: Int, unsafe: Int, failuresInARow: Int, fault: String) {
        self.to = to
        self.behind = behind
        self.unsafe = unsafe
        self.failuresInARow = failuresInARow
        self.fault = fault
    }
}
