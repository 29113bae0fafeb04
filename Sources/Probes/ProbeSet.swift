import Arguments
import Events

/// The probes of a node, run concurrently within one budget.
///
/// Thread-safe. Overlapping runs share one measurement of a probe if the values of its arguments
/// are equal, for probes with `isPerWindow` only within the same window. A hanging measurement is
/// not started again, so it uses one task and at most one thread.
public final class ProbeSet: Sendable {
    /// The probes in the given order, without those whose name was already used.
    public let probes: [any Probe]

    /// How much shorter a probe's allowance is than the time that `run` waits for it, so that a
    /// probe which times out by itself can still report its reason.
    private static let lastWord = Duration.milliseconds(20)

    private let clock: any Clock<Duration>
    /// What a run of a probe depends on.
    private struct Subject: Hashable, Sendable {
        /// nil for probes whose signals do not depend on it.
        let window: MeasurementWindow?
        /// Those that the probe uses.
        let arguments: MeasurementArguments
    }

    /// By probe name.
    private let flights: [String: SingleFlight<Subject, [Signal]>]

    /// Keeps only the first of several probes with the same name, which the configuration refuses.
    ///
    /// - Parameters:
    ///   - clock: Measures budgets and durations.
    ///   - maximumLooks: Maximum number of windows and rollouts measured by one probe at once;
    ///     further ones are absent(busy).
    public init(
        _ probes: [any Probe], clock: any Clock<Duration> = ContinuousClock(),
        maximumLooks: Int = 512
    ) {
        var flights: [String: SingleFlight<Subject, [Signal]>] = [:]
        self.probes = probes.filter { probe in
            guard flights[probe.name] == nil else { return false }
            flights[probe.name] = SingleFlight(limit: maximumLooks)
            return true
        }
        self.clock = clock
        self.flights = flights
    }

    /// Measures with the probes concurrently; returns one result per probe, by ascending name.
    ///
    /// Returns within `budget` on the set's clock. A probe that is late has all declared signals
    /// absent(timeout). If the calling task is cancelled, it returns at once with
    /// absent(cancelled).
    ///
    /// - Parameter names: The probes to run; nil runs all.
    public func run(
        budget: Duration, context: MeasurementContext, only names: Set<String>? = nil
    ) async -> [ProbeResult] {
        await withTaskGroup(of: ProbeResult.self) { group in
            for probe in probes where names?.contains(probe.name) ?? true {
                group.addTask { await self.look(through: probe, budget: budget, context) }
            }
            var results: [ProbeResult] = []
            for await result in group { results.append(result) }
            return results.sorted { $0.probe < $1.probe }
        }
    }

    /// Takes a sample with every `SamplingProbe`, each under its own deadline.
    public func sample() async {
        await withTaskGroup(of: Void.self) { group in
            for case let probe as any SamplingProbe in probes {
                group.addTask { await probe.sample() }
            }
        }
    }

    /// The number of runs that wait for a measurement of `probe`.
    func waiting(for probe: any Probe) -> Int { flights[probe.name]?.waiting ?? 0 }

    private enum Finish: Sendable {
        case landed(SingleFlight<Subject, [Signal]>.Outcome)
        case late
    }

    private func look(
        through probe: any Probe, budget: Duration, _ context: MeasurementContext
    ) async -> ProbeResult {
        let stopwatch = Stopwatch(clock)
        let allowance = min(probe.deadline, budget)
        let reported = await signals(of: probe, allowance: allowance, context).map {
            Self.located($0, probe, context.arguments)
        }
        return ProbeResult(
            probe: probe.name, declared: probe.signals, reported: reported,
            duration: stopwatch.elapsed)
    }

    /// Adds the probe and its address to the details of a signal whose source is not there.
    private static func located(
        _ signal: Signal, _ probe: any Probe, _ arguments: MeasurementArguments
    ) -> Signal {
        guard case .absent(let why, let detail) = signal.value,
            let reason = MissingDataReason(rawValue: why), reason.isOfSource
        else { return signal }
        var signal = signal
        signal.value =
            MissingData(reason, detail)
            .of(probe: probe.name, at: probe.address(for: arguments)).value
        return signal
    }

    private func signals(
        of probe: any Probe, allowance: Duration, _ context: MeasurementContext
    ) async -> [Signal] {
        guard allowance > .zero, let flights = flights[probe.name] else {
            return probe.allAbsent(MissingData(.timeout, "no time left in the budget"))
        }
        var context = context
        context.allowance = allowance - min(allowance / 10, Self.lastWord)
        let key = Subject(
            window: probe.isPerWindow ? context.window : nil,
            arguments: context.arguments.only(probe.arguments))
        let finish = await withTaskGroup(of: Finish.self) { [context, clock] group in
            group.addTask { .landed(await flights.join(key) { await probe.measure(context) }) }
            group.addTask {
                try? await clock.sleep(for: allowance)
                return .late
            }
            let first = await group.next() ?? .late
            group.cancelAll()
            return first
        }
        switch finish {
        case .landed(.value(let signals)): return signals
        case .landed(.refused):
            return probe.allAbsent(MissingData(.busy, "too many measurements at once"))
        case .landed(.cancelled): return probe.allAbsent(MissingData(.cancelled))
        case .late:
            if Task.isCancelled { return probe.allAbsent(MissingData(.cancelled)) }
            return probe.allAbsent(
                MissingData(.timeout, "no answer within \(allowance.wholeMilliseconds) ms"))
        }
    }
}
