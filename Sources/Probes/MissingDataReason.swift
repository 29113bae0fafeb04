/// Why a probe has nothing to say: the closed set of words that appear as `why`
/// in verdicts and events and as the `reason` label of metrics.
public enum MissingDataReason: String, Sendable, Hashable, CaseIterable {
    /// No answer within the probe's deadline or the measurement's budget.
    case timeout
    /// The host is there and nothing listens, or no route leads to it.
    case refused
    /// The host name has no address.
    case unresolved
    /// The TLS handshake failed, or the certificate is not trusted.
    case tls
    /// An HTTP status other than the expected ones.
    case badStatus = "bad_status"
    /// An answer that cannot be read as what it should be.
    case garbage
    /// More bytes or more series than the probe accepts.
    case tooLarge = "too_large"
    /// A readable answer without the field, series or metric asked for.
    case missingField = "missing_field"
    /// Readable, but older than its maximum age.
    case stale
    /// No file at that path.
    case missingFile = "missing_file"
    /// The file is there and may not or cannot be read: permissions, a folder, a FIFO.
    case unreadable
    /// Counters were read for the first time: nothing to compare them with.
    case noSampleYet = "no_sample_yet"
    /// The counters stood still: no request to judge by.
    case noTraffic = "no_traffic"
    /// The process that should tell is not running, or ended with a failure.
    case notRunning = "not_running"
    /// Too many measurements of this probe are under way.
    case busy
    /// The circuit of this probe is open after repeated failures.
    case circuitOpen = "circuit_open"
    /// Whoever asked went away.
    case cancelled
    /// Anything else, a defect or a setting of the probe's own included.
    case fault
}
