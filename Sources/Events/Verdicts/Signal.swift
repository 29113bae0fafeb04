/// One named value that a probe measured, or failed to measure.
///
/// Names have the form `object.field` (`canary.5xx_rate`, `gateway.disk_ok`). The verdict
/// document lists the value under `object`; a check's `id` is the whole name.
public struct Signal: Sendable, Equatable {
    /// The measured value.
    public enum Value: Sendable, Equatable {
        case number(Double)
        case flag(Bool)
        /// No usable value. `why` is a short machine-readable reason (`timeout`, `refused`,
        /// `garbage`, `stale`, `no_sample_yet`); `detail` is untrusted text from the probe.
        case absent(why: String, detail: String)
    }

    /// The counts behind a number, for the statistical rules.
    public enum Evidence: Sendable, Equatable {
        /// `failing` of `total` requests in the window.
        case counter(failing: Double, total: Double)
        /// Cumulative counts at upper bucket edges in milliseconds, ascending,
        /// the last edge +infinity.
        case histogram(edges: [Double], cumulative: [Double])
    }

    public var name: String
    public var unit: MetricUnit
    public var value: Value
    public var evidence: Evidence?

    public init(_ name: String, unit: MetricUnit, value: Value, evidence: Evidence? = nil) {
        self.name = name
        self.unit = unit
        self.value = value
        self.evidence = evidence
    }

    /// The number that limits are compared with: 1 or 0 for a flag, nil if absent or not finite.
    public var number: Double? {
        switch value {
        case .number(let number): number.isFinite ? number : nil
        case .flag(let flag): flag ? 1 : 0
        case .absent: nil
        }
    }

    /// The part of the name before the first dot; or the whole name if it has none.
    public var object: Substring { name.prefix { $0 != "." } }
    /// The part of the name after the first dot.
    public var field: Substring { name.dropFirst(object.count + 1) }
}
