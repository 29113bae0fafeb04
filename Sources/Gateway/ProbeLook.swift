public import Events
public import Probes

/// A probe's latest look, and when the measurement began that it was for.
public struct ProbeLook: Sendable {
    public let result: ProbeResult
    public let at: Timestamp
}
