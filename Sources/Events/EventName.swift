/// The names of our own events. Senders may use any other name.
public enum EventName {
    public static let healthy = "analysis.healthy"
    public static let degraded = "analysis.degraded"
    public static let unknown = "analysis.unknown"
    public static let unhealthy = "analysis.unhealthy"
    public static let recovered = "analysis.recovered"
    public static let authRefused = "auth.refused"
    public static let requestRefused = "request.refused"
    public static let rateLimited = "rate.limited"
    public static let comparabilityChanged = "comparability.changed"
    public static let logShed = "log.shed"
    public static let logGap = "log.gap"
    /// A reader of the log skips a line that ended the process.
    public static let logQuarantined = "log.quarantined"
    /// Acknowledged lines are gone, or were in danger, because the log's files were touched.
    public static let logDamaged = "log.damaged"
    /// The disk is short of room: history of the log goes next.
    public static let logPressure = "log.pressure"
    /// History of the log was removed for the disk's room.
    public static let logTrimmed = "log.trimmed"
    public static let deliveryDead = "delivery.dead"
    /// A template has a fault; the built-in text stands for it.
    public static let templateFault = "template.fault"
    /// A digest was held back by a silence, or because another tells of the same fault.
    public static let digestSuppressed = "digest.suppressed"

    /// Begins a rehearsal in its group; what fails from here on is part of it,
    /// until one of the other two.
    public static let rehearsalStarted = "rehearsal.started"
    public static let rehearsalFinished = "rehearsal.finished"
    public static let rehearsalFailed = "rehearsal.failed"

    // What hooks tell of a rollout. The first four end its run.
    public static let rolloutAborted = "rollout.aborted"
    public static let rolloutPromoted = "rollout.promoted"
    public static let rolloutCompleted = "rollout.completed"
    /// It waits for a person, and not because its plan says so.
    public static let rolloutPaused = "rollout.paused"
    /// A pause that is a step of the rollout's plan.
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
    /// An alert that says neither that it fires nor that it is resolved.
    public static let alertUnreadable = "alert.unreadable"

    /// The event that a verdict becomes.
    public static func analysis(_ status: VerdictStatus) -> String { "analysis.\(status.rawValue)" }
}

/// The ids of events that hooks make.
public enum HookIdentifier {
    /// An id that begins so names an event of its node whatever else the line says.
    public static let prefix = "hook-"
}
