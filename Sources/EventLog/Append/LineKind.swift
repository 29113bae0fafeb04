import Events

/// The importance of a line, lowest first. Under pressure, the log sheds the lowest kinds first.
public enum LineKind: UInt8, Sendable, CaseIterable, Comparable {
    /// Healthy verdicts, and other lines of level `info` or `debug`.
    case healthy
    /// Refused requests: `auth.refused`, `request.refused` and `rate.limited`.
    case refusal
    /// Degraded verdicts, warnings, and lines with neither a known event name nor a level.
    case degraded
    /// Unhealthy and unknown verdicts, recoveries, dead deliveries, errors, decisions of the node,
    /// and the log's own reports.
    case failure

    /// The importance of an event of one of our names; nil where its level decides.
    init?(_ kind: EventName.Kind) {
        switch kind {
        case .verdict(.healthy): self = .healthy
        case .verdict(.degraded): self = .degraded
        case .verdict(.unknown), .verdict(.unhealthy), .recovery, .fault, .delivery,
            .decision:
            self = .failure
        case .refusal: self = .refusal
        case .notice, .outcome, .rehearsal, .acknowledgement, .reported, .progress: return nil
        }
    }

    public static func < (a: LineKind, b: LineKind) -> Bool { a.rawValue < b.rawValue }

    /// The name in metrics, responses and `log.shed` events.
    public var name: String {
        switch self {
        case .healthy: "healthy"
        case .refusal: "refusal"
        case .degraded: "degraded"
        case .failure: "failure"
        }
    }
}

/// Numbers of lines by kind.
public struct KindCounts: Sendable, Equatable {
    private var healthy = 0
    private var refusal = 0
    private var degraded = 0
    private var failure = 0

    public init() {}

    public subscript(kind: LineKind) -> Int {
        get {
            switch kind {
            case .healthy: healthy
            case .refusal: refusal
            case .degraded: degraded
            case .failure: failure
            }
        }
        set {
            switch kind {
            case .healthy: healthy = newValue
            case .refusal: refusal = newValue
            case .degraded: degraded = newValue
            case .failure: failure = newValue
            }
        }
    }

    public var total: Int { healthy +| refusal +| degraded +| failure }
    public var isEmpty: Bool { total == 0 }

    public static func += (a: inout KindCounts, b: KindCounts) {
        for kind in LineKind.allCases { a[kind] +|= b[kind] }
    }

    /// Text such as `healthy 3, failure 1`; empty if all counts are zero.
    public var words: String {
        LineKind.allCases.filter { self[$0] > 0 }.map { "\($0.name) \(self[$0])" }
            .joined(separator: ", ")
    }
}
