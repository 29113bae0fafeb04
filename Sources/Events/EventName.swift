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
    public static let deliveryDead = "delivery.dead"
    /// A digest was held back by a silence, or because another tells of the same fault.
    public static let digestSuppressed = "digest.suppressed"

    /// The event that a verdict becomes.
    public static func analysis(_ status: VerdictStatus) -> String { "analysis.\(status.rawValue)" }
}
