/// One named thing that a probe saw, or could not see, at one measurement.
///
/// Names are `object.field` (`canary.5xx_rate`, `gateway.disk_ok`): the object
/// is where the verdict document shows it, the whole name is what a check's
/// `id` refers to.
public struct Signal: Sendable, Equatable {
    /// What was seen.
    public enum Value: Sendable, Equatable {
        case number(Double)
        case flag(Bool)
        /// Nothing usable: a short machine-readable reason (`timeout`, `refused`,
        /// `garbage`, `stale`, `no_sample_yet`) and the probe's own words, untrusted.
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

    /// The number to compare with limits; flags are 1 and 0; nil when absent or not finite.
    public var number: Double? {
        switch value {
        case .number(let number): number.isFinite ? number : nil
        case .flag(let flag): flag ? 1 : 0
        case .absent: nil
        }
    }

    /// The part of the name before the first dot; the whole name when there is none.
    public var object: Substring { name.prefix { $0 != "." } }
    /// The part of the name after the first dot.
    public var field: Substring { name.dropFirst(object.count + 1) }
}
