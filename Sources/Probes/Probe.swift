import Events

/// One thing that is looked at in each measurement, reported as named signals.
///
/// A probe is a value or a thread-safe object and may be measured from many
/// tasks at once. It never throws and never blocks the cooperative pool: what
/// it cannot see is a signal with an absent value and a reason from
/// `MissingDataReason`.
public protocol Probe: Sendable {
    /// Unique in a `ProbeSet`; names the row in `Server-Timing`.
    var name: String { get }
    /// The most time that one measurement of this probe may take.
    var deadline: Duration { get }
    /// The signals that every measurement reports, in order. A probe may report
    /// more than it declares, never less: `ProbeSet` adds what is missing as absent.
    var signals: [SignalDeclaration] { get }
    /// Whether what is seen depends on the measurement's window. Measurements
    /// that overlap in time share one look, when true only those of one window.
    var isPerWindow: Bool { get }

    /// Looks once. Should end within `context.allowance` and soon after its
    /// task is cancelled; `ProbeSet` does not wait for one that does not.
    func measure(_ context: MeasurementContext) async -> [Signal]
}

extension Probe {
    public var isPerWindow: Bool { false }

    /// Every declared signal, absent for the same reason.
    func allAbsent(_ absence: MissingData) -> [Signal] { signals.map { $0.absent(absence) } }
}

/// A probe that compares with what it saw earlier and profits from being
/// looked at between measurements.
public protocol SamplingProbe: Probe {
    /// Looks and remembers, reports nothing. Call it where windows may begin,
    /// so that a measurement finds what there was at that moment.
    func sample() async
}
