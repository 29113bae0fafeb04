/// The type of an event's member: what a filter may compare it with.
public indirect enum FieldType: Sendable, Equatable {
    /// Text that the sender chooses.
    case text
    /// The name of an event: one of ours, or one of the sender's own.
    case eventName
    /// A number without a unit.
    case number
    /// A number of bytes.
    case bytes
    /// A number of a metric. Its unit is that of the metric that the element or the path names.
    case metric
    /// A moment in RFC 3339.
    case time
    /// `true` or `false`.
    case flag
    /// One of some words. Comparisons use their order if `isOrdered`.
    case choice([String], isOrdered: Bool)
    /// Anything: its form is up to the sender or to the rollout's own checks.
    case any
    /// An object. If it is open, members beside the named ones have the type `any`.
    case object([EventMember], isOpen: Bool)
    /// A list of objects. A path may select elements by the text of the member `key`.
    case list(key: String, [EventMember])
}

/// A member that the events of this program have, with its type.
public struct EventMember: Sendable, Equatable {
    public let name: String
    public let type: FieldType

    public init(_ name: String, _ type: FieldType) {
        self.name = name
        self.type = type
    }

    private static func some(_ type: FieldType, _ names: String...) -> [EventMember] {
        names.map { EventMember($0, type) }
    }
}

extension EventMember {
    public static let level = FieldType.choice(
        Event.Level.allCases.map(\.rawValue), isOrdered: true)
    public static let status = FieldType.choice(
        VerdictStatus.allCases.map(\.rawValue), isOrdered: true)
    private static let state = FieldType.choice(
        CheckState.allCases.map(\.rawValue), isOrdered: false)

    /// Every member of the events that this program writes. Events of other senders may have
    /// more.
    public static let all: [EventMember] =
        some(.text, "id", "node", "az", "epoch", "namespace", "rollout", "revision", "concern")
        + some(.text, "message", "policy", "binary", "mac")
        + [
            EventMember("event", .eventName), EventMember("ts", .time),
            EventMember("level", level), EventMember("status", status),
        ]
        + some(.number, "v", "seq", "attempt")
        + [
            EventMember(
                "deltas",
                .list(
                    key: "metric",
                    some(.text, "metric")
                        + some(.metric, "value", "previous", "stable", "limit")
                        + [
                            EventMember(
                                "unit",
                                .choice(MetricUnit.allCases.map(\.rawValue), isOrdered: false)),
                            EventMember("state", state),
                        ])), EventMember("reasons", reasons),
        ] + verdict + refusal + log + reporting + hooks + forms

    private static let reasons = FieldType.list(
        key: "check",
        some(.text, "check", "why", "detail")
            + some(.metric, "value", "previous", "stable", "limit")
            + [EventMember("state", state), EventMember("advisory", .flag)])

    /// Of `analysis.*`, and of measurements that were refused for want of data. `run` is a
    /// number there, and the name of an AnalysisRun in Argo's notifications.
    private static let verdict =
        some(.text, "series") + some(.any, "run", "evidence", "inputs", "rules")
        + some(.number, "run_count", "failure_limit", "unmeasured")
        + some(.flag, "measured", "comparable") + [EventMember("document", document)]

    /// The verdict document. Probes add objects of their own names.
    private static let document = FieldType.object(
        [
            EventMember("status", status), EventMember("degraded", .flag),
            EventMember("reasons", reasons), EventMember("attempt", attempt),
            EventMember(
                "window", .object([.init("start", .time), .init("end", .time)], isOpen: true)),
        ] + some(.text, "rollout", "namespace", "concern", "policy", "binary", "summary")
            + some(.text, "event", "policy_name") + some(.number, "score", "schema")
            + some(.any, "canary", "stable", "gateway"), isOpen: true)

    private static let attempt = FieldType.object(
        some(.number, "n", "epoch") + some(.text, "source"), isOpen: true)

    /// Of `auth.refused`, `request.refused` and `rate.limited`.
    private static let refusal =
        some(.number, "code", "suppressed")
        + some(.text, "reason", "peer", "route", "field", "token")

    /// Of `log.*`.
    private static let log =
        some(.number, "lines", "count", "deferred", "segments", "crashes")
        + some(.number, "healthy", "refusal", "degraded", "failure")
        + some(.bytes, "bytes", "allocated", "free", "floor", "history", "kept")
        + some(.text, "cursor", "file", "what", "reader", "position", "line_event", "kept_in")
        + some(.text, "line", "from", "to")

    /// Of digests, deliveries, silences, templates and rehearsals.
    private static let reporting =
        some(.text, "digest", "receiver", "recipient", "template", "silence", "who", "why")
        + some(.text, "fault_of", "told_in", "kind", "bookmark")
        + some(.text, "thread", "subject", "commit", "answer", "mark", "matchers")
        + some(.number, "outbox", "tries", "events", "part", "parts")
        + some(.any, "texts", "silences") + some(.time, "until")
        + some(.flag, "rehearsal")

    /// Of Argo, Flagger and Alertmanager.
    private static let hooks =
        some(.text, "trigger", "phase", "canaryHash", "alert", "source")
        + some(.number, "step", "truncated") + some(.time, "startsAt", "endsAt")
        + some(.any, "labels", "annotations", "flagger", "cut")

    /// Of OTLP, CloudEvents, and of lines whose level was mapped.
    private static let forms =
        some(.any, "level_sent", "otel", "attributes", "resource", "cloudevent", "data")

    /// The members of what a digest reports, beside the fields by which digests are grouped.
    public static let digest =
        some(.text, "az", "node", "metric")
        + [
            EventMember("event", .eventName), EventMember("level", level),
            EventMember("status", status), EventMember("worst", status),
            EventMember(
                "kind",
                .choice(
                    ["failing", "degraded", "unknown", "recovered", "ended", "notice", "rollup"],
                    isOrdered: false)),
        ]
}
