import Analysis
import Events
import Probes

/// The outcome of a measurement.
enum MeasurementOutcome: Sendable {
    /// To be answered with 200 and these bytes.
    case judged(
        FrozenVerdict, timings: [ProbeResult] = [], waits: MeasurementWaits = MeasurementWaits())
    /// Nothing could be measured: to be refused with 503, the `ordinal`th in a row.
    case unmeasured(ordinal: Int, why: String, waits: MeasurementWaits)

    var waits: MeasurementWaits {
        switch self {
        case .judged(_, _, let waits), .unmeasured(_, _, let waits): waits
        }
    }
}
