public import Events
public import Probes

/// A probe's latest result, and the start of the measurement that requested it.
public struct ProbeObservation: Sendable {
    public let result: ProbeResult
    public let at: Timestamp
}
