import JSON

/// The decoded form of one line of the event log.
///
/// The log stores the line's bytes; this value is for code that reads its fields.
/// Fields that the contract does not name are in `extra`.
public struct Event: Sendable, Equatable {
    public enum Level: String, Sendable, CaseIterable, Comparable {
        case debug, info, warn, error

        public static func < (a: Level, b: Level) -> Bool {
            (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
        }
    }

    /// The event's id; empty if the sender set none.
    public var id: String
    /// When the event happened, by the sender's clock.
    public var ts: Timestamp
    public var level: Level
    public var event: String
    public var node: String?
    public var az: String?
    /// Identifies one run of the sender's sequence; changes when `seq` restarts at 1.
    public var epoch: String?
    /// Counts from 1 within `(node, epoch)`.
    public var seq: UInt64?
    public var namespace: String?
    public var rollout: String?
    public var revision: String?
    public var concern: String?
    public var attempt: Int?
    public var status: VerdictStatus?
    public var deltas: [MetricDelta]
    public var reasons: [Reason]
    public var message: String?
    public var policy: String?
    public var binary: String?
    /// Other members in source order: `series`, `run`, `document`, and the sender's own.
    public var extra: [JSONValue.Member]

    public init(
        id: String = "", ts: Timestamp, level: Level = .info, event: String, node: String? = nil,
        az: String? = nil, epoch: String? = nil, seq: UInt64? = nil, namespace: String? = nil,
        rollout: String? = nil, revision: String? = nil, concern: String? = nil,
        attempt: Int? = nil, status: VerdictStatus? = nil, deltas: [MetricDelta] = [],
        reasons: [Reason] = [], message: String? = nil, policy: String? = nil,
        binary: String? = nil, extra: [JSONValue.Member] = []
    ) {
        self.id = id
        self.ts = ts
        self.level = level
        self.event = event
        self.node = node
        self.az = az
        self.epoch = epoch
        self.seq = seq
        self.namespace = namespace
        self.rollout = rollout
        self.revision = revision
        self.concern = concern
        self.attempt = attempt
        self.status = status
        self.deltas = deltas
        self.reasons = reasons
        self.message = message
        self.policy = policy
        self.binary = binary
        self.extra = extra
    }

    /// Returns a member of `extra`.
    public func extra(_ key: String) -> JSONValue? { extra.first { $0.key == key }?.value }
}
