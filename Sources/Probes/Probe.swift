public import Arguments
import Events

/// A source of named signals in each measurement.
///
/// A probe is a value or a thread-safe object; many tasks may measure it at once. It does not throw
/// and does not block the cooperative pool. A signal without data has an absent value with a reason
/// from `MissingDataReason`.
public protocol Probe: Sendable {
    /// The name, unique in a `ProbeSet`; also the metric's name in `Server-Timing`.
    var name: String { get }
    /// Maximum duration of one measurement by this probe.
    var deadline: Duration { get }
    /// The signals of every measurement, in order. A probe may report additional ones; `ProbeSet`
    /// adds missing ones as absent.
    var signals: [SignalDeclaration] { get }
    /// Whether the signals depend on the measurement's window. Overlapping measurements share a run
    /// of the probe; if true, only measurements of the same window do.
    var isPerWindow: Bool { get }
    /// The arguments of the request that the signals depend on; measurements with other values do
    /// not share a run of the probe. Empty: the signals are the same for all rollouts.
    var arguments: Set<MeasurementArgument> { get }

    /// The source that the probe reads with these arguments, for people: an address without
    /// secrets, a path or a program. Empty for a probe whose name is enough.
    func address(for arguments: MeasurementArguments) -> String

    /// Measures once.
    ///
    /// It should end within `context.allowance` and soon after its task is cancelled; `ProbeSet`
    /// does not wait longer.
    func measure(_ context: MeasurementContext) async -> [Signal]
}

extension Probe {
    public var isPerWindow: Bool { false }
    public var arguments: Set<MeasurementArgument> { [] }

    public func address(for arguments: MeasurementArguments) -> String { "" }

    /// All declared signals, absent for the same reason.
    func allAbsent(_ absence: MissingData) -> [Signal] { signals.map { $0.absent(absence) } }
}

/// A probe that compares with earlier samples and needs them between measurements.
public protocol SamplingProbe: Probe {
    /// Takes a sample without reporting signals. Call it when a window may begin, so that a
    /// measurement has a sample of that time.
    func sample() async
}
