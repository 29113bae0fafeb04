/// How badly a line would be missed, least first: the order in which a log under
/// pressure gives kinds up.
public enum LineKind: UInt8, Sendable, CaseIterable, Comparable {
    /// Verdicts that nothing is wrong, and news of no weight.
    case healthy
    /// Refused callers.
    case refusal
    /// Warnings.
    case degraded
    /// Failures, unknown verdicts, and what the log tells of itself.
    case failure

    public static func < (a: LineKind, b: LineKind) -> Bool { a.rawValue < b.rawValue }

    /// The name in metrics, answers and `log.shed` events.
    public var name: String {
        switch self {
        case .healthy: "healthy"
        case .refusal: "refusal"
        case .degraded: "degraded"
        case .failure: "failure"
        }
    }
}

/// Lines by kind.
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

    public var total: Int { healthy + refusal + degraded + failure }
    public var isEmpty: Bool { total == 0 }

    public static func += (a: inout KindCounts, b: KindCounts) {
        for kind in LineKind.allCases { a[kind] += b[kind] }
    }

    /// `healthy 3, failure 1`; empty when there is nothing.
    public var words: String {
        LineKind.allCases.filter { self[$0] > 0 }.map { "\($0.name) \(self[$0])" }
            .joined(separator: ", ")
    }
}
