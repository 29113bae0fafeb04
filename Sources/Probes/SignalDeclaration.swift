import Events

/// A signal that every measurement of a probe reports, with a value or as absent.
public struct SignalDeclaration: Sendable, Hashable {
    /// The name, `object.field`.
    public let name: String
    public let unit: MetricUnit

    /// - Parameter unit: nil derives the unit from the end of the name.
    public init(_ name: String, unit: MetricUnit? = nil) {
        self.name = name
        self.unit = unit ?? MetricUnit(metricName: name)
    }

    /// The signal with a number; NaN and infinities become absent(garbage).
    func number(_ number: Double, evidence: Signal.Evidence? = nil) -> Signal {
        guard number.isFinite else { return absent(MissingData(.garbage, "not a finite number")) }
        return Signal(name, unit: unit, value: .number(number), evidence: evidence)
    }

    func flag(_ flag: Bool) -> Signal { Signal(name, unit: unit, value: .flag(flag)) }

    func absent(_ absence: MissingData) -> Signal { Signal(name, unit: unit, value: absence.value) }
}
