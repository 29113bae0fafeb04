public import Analysis
import Arguments
public import EventLog
public import Events
import Probes
public import Server
public import State
import Synchronization
public import Telemetry

/// Handles a measurement from request to answer: attempt, probes, judgement, event, document.
///
/// The event is durable before the answer if the log appends it within the budget. Otherwise
/// the verdict is answered without it, and a late or lost event is counted. Thread-safe.
public final class MeasurementService: Sendable {
    public let identity: GatewayIdentity
    let coordinator: AttemptCoordinator
    let eventLog: EventLog
    let wall: WallClock
    let limiter: RateLimiter
    let tally: MeasurementTally
    private let telemetry: Telemetry
    let recorder: EventRecorder
    private let looks = Mutex<[String: ProbeObservation]>([:])
    private let current: Mutex<Plans>

    private struct Plans {
        var plan: GatewayPlan
        /// Earlier policies that runs under way may have begun with, the newest last.
        var former: [PolicyTable] = []

        func policies(sha: String) -> PolicySet? {
            ([plan.policies] + former.reversed()).lazy.flatMap(\.all).first { $0.sha == sha }
        }
    }

    /// Most former configurations whose policies are kept.
    private static let formerLimit = 8

    /// Restores the attempts from their checkpoint and the log after it.
    ///
    /// - Parameter rate: The rate limit of one credential for one series.
    public init(
        plan: GatewayPlan, node: String, az: String, binary: String, eventLog: EventLog,
        store: Store,
        rate: TokenBucket.Rate, wall: WallClock = .system,
        clock: any Clock<Duration> = ContinuousClock(), telemetry: Telemetry
    ) async throws {
        let identity = GatewayIdentity(node: node, az: az, binary: binary)
        self.identity = identity
        self.eventLog = eventLog
        self.wall = wall
        self.telemetry = telemetry
        limiter = RateLimiter(rate: rate)
        tally = MeasurementTally(registry: telemetry.registry)
        recorder = EventRecorder(eventLog: eventLog, clock: clock, telemetry: telemetry)
        current = Mutex(Plans(plan: plan))
        let ledger = AttemptLedger(timing: AttemptTiming(interval: plan.interval))
        coordinator = AttemptCoordinator(
            ledger: try await AttemptCheckpoint.restore(
                ledger, node: identity.node, eventLog: eventLog, store: store,
                telemetry: telemetry),
            at: wall.now, clock: clock, telemetry: telemetry)
    }

    public var plan: GatewayPlan { current.withLock { $0.plan } }

    /// Measures and judges by `plan` from now on; attempts keep their numbers.
    ///
    /// Unless `plan.appliesMidRun`, a run under way is judged to its end by the policy that it
    /// began with. A changed `interval` affects attempt numbering only after a restart.
    public func replace(plan: GatewayPlan) {
        current.withLock { plans in
            let (old, new) = (plans.plan.policies, plan.policies)
            plans.former.removeAll { $0 == old || $0 == new }
            if old != new { plans.former.append(old) }
            if plans.former.count > Self.formerLimit { plans.former.removeFirst() }
            plans.plan = plan
        }
        looks.withLock { $0 = [:] }
    }

    /// The latest result of each probe, sorted by name.
    public var lastObservations: [ProbeObservation] {
        looks.withLock { $0.values.sorted { $0.result.probe < $1.result.probe } }
    }

    /// Runs probes once over the last settled window, without a verdict and without an event.
    ///
    /// There is no request: a probe that uses its values has no data.
    ///
    /// - Parameter name: The probe to run; nil runs all.
    func probe(only name: String?) async -> [ProbeResult] {
        let plan = plan
        let now = wall.now
        return await plan.probes.run(
            budget: plan.budget,
            context: MeasurementContext(
                window: MeasurementWindow(at: now, length: plan.window, settle: plan.settle),
                now: now),
            only: name.map { [$0] })
    }

    /// Returns the policies that judge an attempt: the run's own if it is kept and still known.
    private func policies(
        for concern: String, _ configured: PolicySet, _ plan: GatewayPlan, _ history: SeriesHistory
    ) -> PolicySet {
        guard !plan.appliesMidRun, let begun = history.policy, begun != configured.sha else {
            return configured
        }
        let own = current.withLock { $0.policies(sha: begun) }
        return own?.policy(for: concern) == nil ? configured : own ?? configured
    }

    /// Returns the policies that judge a rollout; nil if it is refused.
    ///
    /// A reload that refuses a rollout does not end its run: the run is judged to its end by its
    /// own policy, unless `plan.appliesMidRun`.
    func policies(for request: MeasurementRequest, series: String) -> PolicySet? {
        let plan = plan
        let found = plan.policies.policies(
            namespace: request.namespace, rollout: request.rollout)
        guard found == nil, !plan.appliesMidRun,
            let begun = coordinator.policy(ofRun: series, at: wall.now)
        else { return found }
        return current.withLock { $0.policies(sha: begun) }
    }

    /// Returns the run's last verdict for a caller over its rate limit; nil when there is none.
    func frozen(_ series: String) -> FrozenVerdict? { coordinator.frozen(series, at: wall.now) }

    /// Measures a series, or joins or repeats its attempt.
    ///
    /// - Parameters:
    ///   - concern: A known concern; empty for the merged route.
    ///   - policies: Those found for the request; nil looks them up. If the rollout is refused,
    ///     the verdict has no checks.
    func measure(
        _ request: MeasurementRequest, series: String, concern: String,
        by policies: PolicySet? = nil
    ) async -> (
        outcome: MeasurementOutcome, origin: AttemptCoordinator.Origin, timing: MeasurementTiming
    ) {
        let plan = plan
        let configured =
            policies ?? self.policies(for: request, series: series)
            ?? PolicySet(Policy(checks: []))
        let started = ContinuousClock.now
        let turn = await coordinator.measure(
            series, of: RunSubject(request), stated: request.attempt, at: wall.now,
            head: eventLog.head
        ) { [self] ticket in
            let judging = self.policies(for: concern, configured, plan, ticket.history)
            // A policy that the configuration no longer has runs the probes of its successor.
            let measuring =
                plan.policies.all.contains { $0.name == judging.name }
                ? judging.name : configured.name
            return await evaluate(
                ticket, request, concern, plan, judging.policy(for: concern) ?? judging.merged,
                measuring: measuring)
        }
        let timing = MeasurementTiming(
            total: ContinuousClock.now - started, waits: turn.outcome.waits)
        telemetry.emit(
            Measured(
                outcome: turn.outcome, origin: turn.origin, concern: concern,
                duration: ContinuousClock.now - started, own: timing.own))
        return (turn.outcome, turn.origin, timing)
    }

    private func evaluate(
        _ ticket: AttemptTicket, _ request: MeasurementRequest, _ concern: String,
        _ plan: GatewayPlan, _ policy: Policy, measuring: String
    ) async -> MeasurementOutcome {
        let started = ContinuousClock.now
        let history = ticket.history
        let window: MeasurementWindow
        let signals: [Signal]
        var results: [ProbeResult] = []
        var frozen: WindowInputs?
        var waits = MeasurementWaits()
        var judging = policy
        switch history.next(at: ticket.startedAt, length: plan.window, settle: plan.settle) {
        case .frozen(let inputs):
            (window, signals, frozen) = (inputs.window, inputs.signals, inputs)
        case .window(let next):
            let asked = ContinuousClock.now
            results = await plan.probes.run(
                budget: plan.budget,
                context: MeasurementContext(
                    window: next, now: ticket.startedAt,
                    arguments: MeasurementArguments(request)),
                only: plan.probes(ofPolicy: measuring))
            waits.probes = ContinuousClock.now - asked
            for result in results { telemetry.emit(ProbeObserved(result: result)) }
            looks.withLock { [results] looks in
                for result in results {
                    looks[result.probe] = ProbeObservation(result: result, at: ticket.startedAt)
                }
            }
            (window, signals) = (next, results.flatMap(\.signals))
        case .tooEarly(let cell):
            (window, signals) = (cell, policy.absent(why: "run_just_began"))
            // Not even `nodata: fail` may judge a run that has no data of its own yet.
            judging = policy.awaitingData
        }
        let judgement = Judge.judge(
            signals: signals, policy: judging, history: history, window: window,
            comparable: history.isComparable(policy: policy.sha, binary: identity.binary))
        // The log gets the rest of the budget, but at least 250 ms.
        let left = max(plan.budget - (ContinuousClock.now - started), .milliseconds(250))

        if judgement.isUnmeasured,
            case .refuse(let ordinal) = coordinator.unmeasured(ticket, at: wall.now)
        {
            let event = Event(
                unmeasured: judgement, ordinal: ordinal, request: request, concern: concern,
                ticket: ticket, gateway: identity, policy: policy)
            waits.log = await record(event, within: left)
            let why =
                judgement.unmeasuredReason.map { "\($0.check): \($0.why)" } ?? "no checks"
            return .unmeasured(ordinal: ordinal, why: why, waits: waits)
        }

        let document = VerdictDocument(
            judgement, request: request, concern: concern, attempt: ticket.number,
            signals: signals, gateway: identity, window: window,
            event: ticket.eventID(on: identity), policy: policy,
            scope: plan.scope(ofPolicy: measuring))
        let record = AttemptRecord(
            judgement, document: document, ticket: ticket,
            inputs: frozen ?? WindowInputs(signals, of: window, judgedBy: policy),
            policy: policy.sha, binary: identity.binary)
        if history.changes(policy: policy.sha, binary: identity.binary) {
            waits.log += await self.record(
                comparabilityChanged(ticket, request, concern, policy: policy.sha), within: left)
        }
        let event = Event(
            verdict: record, judgement: judgement, request: request, concern: concern,
            ticket: ticket, gateway: identity, policyName: policy.name)
        waits.log += await self.record(event, within: left)
        coordinator.complete(ticket, with: record)
        return .judged(record.verdict, timings: results, waits: waits)
    }

    /// Records an event; returns how long this took.
    private func record(_ event: Event, within limit: Duration) async -> Duration {
        let started = ContinuousClock.now
        await recorder.record(event, within: limit)
        return ContinuousClock.now - started
    }

    private func comparabilityChanged(
        _ ticket: AttemptTicket, _ request: MeasurementRequest, _ concern: String, policy: String
    ) -> Event {
        Event(
            ts: ticket.startedAt, level: .warn, event: EventName.comparabilityChanged,
            node: identity.node, az: identity.az, namespace: request.namespace,
            rollout: request.rollout,
            revision: request.revision.isEmpty ? nil : request.revision,
            concern: concern.isEmpty ? "all" : concern, attempt: ticket.number.n,
            message:
                "the policy or the binary changed inside this run: its attempts cannot be compared",
            policy: policy, binary: identity.binary)
    }
}

extension MeasurementService {
    /// Ends the runs of a rollout; the next measurement of each begins a new run.
    ///
    /// Records `run.ended` if a run was ended, so that the end survives a restart. The same end
    /// may be reported again: it changes nothing. An end in the future counts as one of now.
    public func end(_ reported: RunEnd) async {
        var end = reported
        let now = wall.now
        end.at = min(end.at, now)
        let runs = coordinator.end(end, at: now)
        guard runs > 0 else { return }
        await recorder.record(
            Event(ended: end, runs: runs, gateway: identity, at: now), within: .milliseconds(500))
    }
}
