import Analysis
import Events
import Probes

/// What a measurement came to.
enum MeasurementOutcome: Sendable {
    /// Answer these bytes with 200.
    case judged(
        FrozenVerdict, timings: [ProbeResult] = [], waits: MeasurementWaits = MeasurementWaits())
    /// Nothing could be measured; refuse with 503, the `ordinal`th time in a row.
    case unmeasured(ordinal: Int, why: String, waits: MeasurementWaits)

    var waits: MeasurementWaits {
        switch self {
        case .judged(_, _, let waits), .unmeasured(_, _, let waits): waits
        }
    }
}
