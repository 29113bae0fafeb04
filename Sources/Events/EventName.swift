public import JSON

/// The names of our own events. Senders may use any other name.
public enum EventName {
    public static let healthy = "analysis.healthy"
    public static let degraded = "analysis.degraded"
    public static let unknown = "analysis.unknown"
    public static let unhealthy = "analysis.unhealthy"
    public static let recovered = "analysis.recovered"
    public static let authRefused = "auth.refused"
    /// Callers cannot connect, because TLS handshakes fail for a certificate.
    public static let tlsRefused = "tls.refused"
    public static let requestRefused = "request.refused"
    public static let rateLimited = "rate.limited"
    public static let comparabilityChanged = "comparability.changed"
    public static let logShed = "log.shed"
    public static let logGap = "log.gap"
    /// A reader of the log skips a line because reading it crashed the process.
    public static let logQuarantined = "log.quarantined"
    /// Acknowledged lines are missing, or were at risk, because the log's files were changed.
    public static let logDamaged = "log.damaged"
    /// The disk is low on space; the log's oldest history will be removed next.
    public static let logPressure = "log.pressure"
    /// History of the log was removed to free disk space.
    public static let logTrimmed = "log.trimmed"
    /// The node's clock was set forward: history is not removed for its age until it is confirmed.
    public static let clockStepped = "clock.stepped"
    public static let deliveryDead = "delivery.dead"

    // What the node decided. It reads these lines again to rebuild its state; see `isReserved`.
    /// A digest with its renderings and addressees.
    public static let digestComposed = "digest.composed"
    /// Further texts of the line before it, which is full.
    public static let digestPart = "digest.part"
    /// The states of the groups that a decision changed.
    public static let digestState = "digest.state"
    public static let deliverySent = "delivery.sent"
    /// The receiver refused a delivery permanently, or it was tried for too long.
    public static let deliveryRefused = "delivery.refused"
    public static let deliveryDropped = "delivery.dropped"
    /// A person requested another try.
    public static let deliveryRetried = "delivery.retried"
    public static let silenceAdded = "silence.added"
    public static let silenceExpired = "silence.expired"

    /// A receiver has accepted nothing for some time, or accepts digests again.
    public static let receiverFailing = "receiver.failing"
    public static let receiverRecovered = "receiver.recovered"
    /// A certificate or a token of the node is about to expire.
    public static let certificateExpiring = "certificate.expiring"
    public static let tokenExpiring = "token.expiring"
    /// A reader of the log is far behind what is written.
    public static let cursorBehind = "cursor.behind"
    /// A gateway begins to forward to the notifier, or still does: recorded once a day.
    public static let gatewaySeen = "gateway.seen"
    /// A gateway stops as planned.
    public static let gatewayLeft = "gateway.left"
    /// A gateway has sent nothing for some time.
    public static let gatewaySilent = "gateway.silent"
    /// A gateway that was reported as silent sends again.
    public static let gatewayBack = "gateway.back"
    /// A template has an error; the built-in text replaces it.
    public static let templateFault = "template.fault"
    /// A digest was held back by a silence, or because another one reports the same fault.
    public static let digestSuppressed = "digest.suppressed"

    /// Somebody looks after an incident, or no longer does.
    public static let incidentAcknowledged = "incident.acknowledged"

    /// Starts a rehearsal in its group. Failures up to `rehearsal.finished` or
    /// `rehearsal.failed` belong to it.
    public static let rehearsalStarted = "rehearsal.started"
    public static let rehearsalFinished = "rehearsal.finished"
    public static let rehearsalFailed = "rehearsal.failed"
    public static let rehearsalStep = "rehearsal.step"
    public static let rehearsalRestored = "rehearsal.restored"

    /// A gateway ended the runs of a rollout; the next measurement begins a new one.
    public static let runEnded = "run.ended"

    // Rollout events received through hooks. The first four end the rollout's run in a digest.
    public static let rolloutAborted = "rollout.aborted"
    public static let rolloutPromoted = "rollout.promoted"
    public static let rolloutCompleted = "rollout.completed"
    /// The rollout is paused for a reason other than a step of its plan.
    public static let rolloutPaused = "rollout.paused"
    /// The rollout is tried again after an abort.
    public static let rolloutRetried = "rollout.retried"
    /// The rollout is paused at a step of its plan.
    public static let rolloutStepPaused = "rollout.step_paused"
    public static let rolloutResumed = "rollout.resumed"
    public static let rolloutUpdated = "rollout.updated"
    public static let rolloutStepCompleted = "rollout.step_completed"
    public static let analysisRunRunning = "analysis_run.running"
    public static let analysisRunSuccessful = "analysis_run.successful"
    public static let analysisRunFailed = "analysis_run.failed"
    public static let analysisRunError = "analysis_run.error"
    public static let analysisRunInconclusive = "analysis_run.inconclusive"
    public static let alertFiring = "alert.firing"
    public static let alertResolved = "alert.resolved"
    public static let alertsTruncated = "alerts.truncated"
    /// An alert whose status is neither `firing` nor `resolved`.
    public static let alertUnreadable = "alert.unreadable"

    /// The events after which a gateway begins a new run of the rollout.
    public static let runEndings: Set<String> = [
        rolloutAborted, rolloutPromoted, rolloutCompleted, rolloutRetried,
    ]

    /// What the events of these names end: after one, the other is news again.
    public static let reversals = [gatewayBack: gatewaySilent, gatewaySilent: gatewayBack]

    /// The member of a verdict's event that no caller acts on, such as that of `parity`. Digests do
    /// not count it.
    public static let trial = "trial"

    /// The name of the event that records a verdict.
    public static func analysis(_ status: VerdictStatus) -> String { "analysis.\(status.rawValue)" }
}

// MARK: - Kinds

extension EventName {
    /// What an event of one of our names means.
    public enum Kind: Sendable, Hashable {
        /// One attempt's verdict.
        case verdict(VerdictStatus)
        /// A healthy verdict after another one.
        case recovery
        /// A refused request.
        case refusal
        /// A loss of lines of the log, or one that is near.
        case fault
        /// A delivery that failed permanently; its level decides whether it is reported.
        case delivery
        /// What the node decided.
        case decision
        /// Something to report that has no recovery; its level is its importance.
        case notice
        /// The run ended, paused or continues.
        case outcome(Outcome)
        /// A rehearsal starts or ends in its group.
        case rehearsal
        /// Somebody looks after an incident.
        case acknowledgement
        /// A fault that is sent through other receivers, not as a digest.
        case reported
        /// Its level alone decides.
        case progress

        /// Whether only the node itself writes lines of the name: a posted `delivery.sent` would
        /// suppress a digest.
        public var isReserved: Bool { self == .decision || self == .delivery }
    }

    /// How a run ended, or that it waits for a person or continues.
    public enum Outcome: String, Sendable, Hashable {
        case aborted, promoted, completed, paused, resumed
    }

    /// Our names and their kinds, the most frequent ones first.
    private static let table: [(name: StaticString, kind: Kind)] = [
        ("analysis.healthy", .verdict(.healthy)), ("analysis.degraded", .verdict(.degraded)),
        ("analysis.unhealthy", .verdict(.unhealthy)), ("analysis.unknown", .verdict(.unknown)),
        ("analysis.recovered", .recovery), ("auth.refused", .refusal),
        ("request.refused", .refusal), ("rate.limited", .refusal), ("log.shed", .fault),
        ("log.gap", .fault), ("log.quarantined", .fault), ("log.damaged", .fault),
        ("log.pressure", .fault), ("log.trimmed", .fault), ("delivery.dead", .delivery),
        ("comparability.changed", .notice), ("template.fault", .notice), ("tls.refused", .notice),
        ("clock.stepped", .notice),
        ("rehearsal.started", .rehearsal), ("rehearsal.finished", .rehearsal),
        ("rehearsal.failed", .rehearsal), ("receiver.failing", .reported),
        ("receiver.recovered", .reported), ("certificate.expiring", .progress),
        ("token.expiring", .progress), ("cursor.behind", .progress),
        ("gateway.seen", .progress), ("gateway.left", .progress),
        ("gateway.silent", .progress), ("gateway.back", .notice),
        ("incident.acknowledged", .acknowledgement),
        ("run.ended", .progress),
        ("rehearsal.step", .progress),
        ("rehearsal.restored", .progress), ("digest.suppressed", .progress),
        ("rollout.aborted", .outcome(.aborted)), ("rollout.promoted", .outcome(.promoted)),
        ("rollout.completed", .outcome(.completed)), ("rollout.paused", .outcome(.paused)),
        ("rollout.step_paused", .progress), ("rollout.resumed", .outcome(.resumed)),
        ("rollout.retried", .progress),
        ("rollout.updated", .progress), ("rollout.step_completed", .progress),
        ("analysis_run.running", .progress), ("analysis_run.successful", .progress),
        ("analysis_run.failed", .progress), ("analysis_run.error", .progress),
        ("digest.composed", .decision), ("digest.part", .decision),
        ("digest.state", .decision), ("delivery.sent", .decision),
        ("delivery.refused", .decision), ("delivery.dropped", .decision),
        ("delivery.retried", .decision), ("silence.added", .decision),
        ("silence.expired", .decision),
        ("analysis_run.inconclusive", .progress), ("alert.firing", .progress),
        ("alert.resolved", .progress), ("alert.unreadable", .progress),
        ("alerts.truncated", .progress), ("otel.log", .progress),
    ]

    private static let byName = Dictionary(
        uniqueKeysWithValues: table.map { ("\($0.name)", $0.kind) })

    /// All names in the order of the table.
    public static let all = table.map { "\($0.name)" }

    /// The kind of a name; nil for a sender's own.
    public static func kind(_ name: String) -> Kind? { byName[name] }

    /// The names of decisions.
    public static let decisions = table.filter { $0.kind.isReserved }.map { "\($0.name)" }

    /// The kind of a name that a line contains.
    public static func kind(
        _ name: JSONScanner.Slice, in line: UnsafeRawBufferPointer
    ) -> Kind? {
        // Decodes the escapes once, not for each row.
        if name.escaped { return name.text(in: line).flatMap { byName[$0] } }
        for row in table where name.equals(row.name, in: line) { return row.kind }
        return nil
    }
}

/// The ids of events that hooks make.
public enum HookIdentifier {
    /// An id that begins so names an event of its node, whatever other members the line has.
    public static let prefix = "hook-"
}
