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

/// The input of one measurement by a probe.
public struct MeasurementContext: Sendable, Hashable {
    /// The time span of the data to report; ends at or before `now`.
    public var window: MeasurementWindow
    /// The wall-clock time at which the measurement began.
    public var now: Timestamp
    /// The values of the request that probes use, and the length of the window; an argument that
    /// the request lacks is missing.
    public var arguments: MeasurementArguments
    /// The time that this probe may take. `ProbeSet` sets it to slightly less than the probe's
    /// deadline or the budget, whichever is shorter.
    public var allowance: Duration

    public init(
        window: MeasurementWindow, now: Timestamp,
        arguments: MeasurementArguments = MeasurementArguments(),
        allowance: Duration = .seconds(1)
    ) {
        self.window = window
        self.now = now
        let length = (window.end - window.start).wholeMilliseconds
        self.arguments = arguments.setting(.window, "\(length)ms")
        self.allowance = allowance
    }
}

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
        guard number.isFinite else {
            return absent(MissingData(.garbage, "not a finite number, but \(number)"))
        }
        return Signal(name, unit: unit, value: .number(number), evidence: evidence)
    }

    func flag(_ flag: Bool) -> Signal { Signal(name, unit: unit, value: .flag(flag)) }

    func absent(_ absence: MissingData) -> Signal { Signal(name, unit: unit, value: absence.value) }
}
