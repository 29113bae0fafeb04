import Analysis
import Events
import Probes

/// What a measurement came to.
enum MeasurementOutcome: Sendable {
    /// Answer these bytes with 200.
    case judged(FrozenVerdict, timings: [ProbeResult] = [])
    /// Nothing could be measured; refuse with 503, the `ordinal`th time in a row.
    case unmeasured(ordinal: Int, why: String)
}
