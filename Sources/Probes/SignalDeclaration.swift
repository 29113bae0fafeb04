import Events

/// A signal that a probe promises to report on at every measurement, as a value
/// or as absent.
public struct SignalDeclaration: Sendable, Hashable {
    /// `object.field`.
    public let name: String
    public let unit: MetricUnit

    /// `unit` defaults to what the name's ending says.
    public init(_ name: String, unit: MetricUnit? = nil) {
        self.name = name
        self.unit = unit ?? MetricUnit(metricName: name)
    }

    /// The signal with a number; a number that is not finite is absent(garbage).
    func number(_ number: Double, evidence: Signal.Evidence? = nil) -> Signal {
        guard number.isFinite else { return absent(MissingData(.garbage, "not a finite number")) }
        return Signal(name, unit: unit, value: .number(number), evidence: evidence)
    }

    func flag(_ flag: Bool) -> Signal { Signal(name, unit: unit, value: .flag(flag)) }

    func absent(_ absence: MissingData) -> Signal { Signal(name, unit: unit, value: absence.value) }
}
