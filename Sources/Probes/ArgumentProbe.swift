public import Arguments
import Events
import Synchronization

/// A probe whose address, headers, command or file names contain arguments: one probe for each
/// combination of their values.
///
/// Each keeps its own state (scrapes, circuit), so that two rollouts never share numbers. Beyond
/// `limit` combinations the least recently measured is dropped, as is one that was not measured
/// for `idle`. Thread-safe.
public final class ArgumentProbe: SamplingProbe {
    /// Creates the probe of one combination.
    public typealias Make =
        @Sendable (MeasurementArguments) throws(ArgumentFault) -> any Probe

    public let name: String
    public let deadline: Duration
    public let signals: [SignalDeclaration]
    public let isPerWindow: Bool
    public let arguments: Set<MeasurementArgument>

    private struct Instance {
        let probe: any Probe
        var used: Duration
    }

    /// Most probes that are sampled at once.
    private static let sampledAtOnce = 32

    private let source: Set<MeasurementArgument>
    private let make: Make
    private let stopwatch: Stopwatch
    private let idle: Duration
    private let limit: Int
    private let shownAddress: String
    private let instances = Mutex<[MeasurementArguments: Instance]>([:])

    /// - Parameters:
    ///   - model: A probe of the same kind, for what does not depend on values.
    ///   - source: The arguments in the texts that `make` fills.
    ///   - address: The address as configured, for reasons; without secrets.
    public init(
        like model: any Probe, source: Set<MeasurementArgument>, address: String,
        idle: Duration = .seconds(900), limit: Int = 512,
        clock: any Clock<Duration> = ContinuousClock(), make: @escaping Make
    ) {
        name = model.name
        deadline = model.deadline
        signals = model.signals
        isPerWindow = model.isPerWindow
        arguments = model.arguments.union(source)
        shownAddress = address
        self.source = source
        self.make = make
        self.idle = idle
        self.limit = max(limit, 1)
        stopwatch = Stopwatch(clock)
    }

    /// The number of combinations in use.
    var count: Int { instances.withLock { $0.count } }

    public func measure(_ context: MeasurementContext) async -> [Signal] {
        let values = context.arguments.only(source)
        do throws(ArgumentFault) {
            return await (try instance(of: values)).measure(context)
        } catch {
            return allAbsent(MissingData(error))
        }
    }

    public func address(for arguments: MeasurementArguments) -> String {
        let known = instances.withLock { $0[arguments.only(source)]?.probe }
        return known?.address(for: arguments) ?? shownAddress
    }

    public func sample() async {
        let now = stopwatch.elapsed
        let probes = instances.withLock { instances in
            instances = instances.filter { now - $0.value.used <= idle }
            return instances.values.compactMap { $0.probe as? any SamplingProbe }
        }
        await withTaskGroup(of: Void.self) { group in
            for (index, probe) in probes.enumerated() {
                if index >= Self.sampledAtOnce { await group.next() }
                group.addTask { await probe.sample() }
            }
        }
    }

    private func instance(
        of values: MeasurementArguments
    ) throws(ArgumentFault) -> any Probe {
        let now = stopwatch.elapsed
        let known = instances.withLock { instances in
            instances[values]?.used = now
            return instances[values]?.probe
        }
        if let known { return known }
        // Made outside of the lock; of two made at once, the first stays.
        let made = try make(values)
        return instances.withLock { instances in
            if let known = instances[values]?.probe { return known }
            if instances.count >= limit,
                let oldest = instances.min(by: { $0.value.used < $1.value.used })?.key
            {
                instances[oldest] = nil
            }
            instances[values] = Instance(probe: made, used: now)
            return made
        }
    }
}
