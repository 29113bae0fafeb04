/// Why a probe has no data.
///
/// The raw values are the `why` in verdicts and events, and the `reason` label of metrics.
public enum MissingDataReason: String, Sendable, Hashable, CaseIterable {
    /// No answer within the probe's deadline or the measurement's budget.
    case timeout
    /// The connection was refused, or there is no route to the host.
    case refused
    /// The host name has no address.
    case unresolved
    /// The TLS handshake failed, or the certificate is not trusted.
    case tls
    /// The answer has an unexpected HTTP status, or a server reports that a query failed.
    case badStatus = "bad_status"
    /// The answer is malformed or has an unsupported form.
    case garbage
    /// The answer has more bytes, series or fields than the probe accepts.
    case tooLarge = "too_large"
    /// The answer lacks the requested field, series or metric.
    case missingField = "missing_field"
    /// The data is older than its maximum age.
    case stale
    /// The request lacks an argument that the probe uses, such as `canaryHash`.
    case missingArgument = "missing_argument"
    /// An argument has a value that must not stand where the probe uses it.
    case unusableArgument = "unusable_argument"
    /// There is no file at that path.
    case missingFile = "missing_file"
    /// The file exists but cannot be read: permissions, a folder, a FIFO.
    case unreadable
    /// The counters were read for the first time: there is no earlier value.
    case noSampleYet = "no_sample_yet"
    /// The counters did not change: there was no request.
    case noTraffic = "no_traffic"
    /// The process is not running, or ended with a failure.
    case notRunning = "not_running"
    /// Too many measurements of this probe are running.
    case busy
    /// The circuit of this probe is open after repeated failures.
    case circuitOpen = "circuit_open"
    /// The caller cancelled the measurement.
    case cancelled
    /// Anything else, such as an internal error or an invalid setting of the probe.
    case fault

    /// Whether the data of this rollout is not where the probe looks for it.
    public var isOfSource: Bool {
        switch self {
        case .missingField, .missingFile, .missingArgument, .unusableArgument: true
        default: false
        }
    }
}
