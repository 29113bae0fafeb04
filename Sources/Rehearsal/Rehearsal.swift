public import Events
import Core
import JSON
import Secrets
import Telemetry
import Transfer

/// Rehearses a rollback: performs the steps of a real one, measures them and restores the state.
///
/// Nothing is changed unless the state equals the bookmark's and the preconditions hold. After
/// the first change the state is always restored, also after a failure or cancellation.
public struct Rehearsal: Sendable {
    public let bookmark: Bookmark
    /// Time limit from the first change until everything is stable again.
    public var budget: Duration
    /// Time between two checks while waiting.
    public var poll: Duration
    /// Called with a line when a step begins.
    public var show: @Sendable (String) -> Void
    /// Called with the rehearsal's events.
    public var record: @Sendable (Event) async -> Void

    public init(
        _ bookmark: Bookmark, budget: Duration = .seconds(60), poll: Duration = .seconds(1),
        show: @escaping @Sendable (String) -> Void = { _ in },
        record: @escaping @Sendable (Event) async -> Void = { _ in }
    ) {
        self.bookmark = bookmark
        self.budget = budget
        self.poll = poll
        self.show = show
        self.record = record
    }

    // MARK: - Bookmark and verify

    /// Reads the current state as a bookmark.
    ///
    /// - Parameters:
    ///   - canary: The balancer's targets that serve the canary.
    ///   - rollout: Namespace, name and the controller's version; nil: the version is read
    ///     from the cluster.
    public static func take(
        name: String, source: BalancerSource?, canary: [String], shifts: Bool, probe: UserPath?,
        rollout: (namespace: String, name: String, argo: String?)?, minStablePods: Int,
        at now: Timestamp
    ) async throws(RehearsalFault) -> Bookmark {
        guard source != nil || rollout != nil else {
            throw RehearsalFault(
                .precondition, "there is nothing to bookmark: name a balancer, a Rollout or both")
        }
        var bookmark = Bookmark(
            name: name, takenAt: now, source: source, weights: [], canary: canary, shifts: shifts,
            probe: probe, rollout: nil, minStablePods: minStablePods)
        if let source { bookmark.weights = try await source.balancer().weights() }
        if let unknown = canary.first(where: { target in
            !bookmark.weights.contains { $0.target == target }
        }) {
            throw RehearsalFault(.precondition, "the balancer has no target \(unknown)")
        }
        if let rollout {
            bookmark.rollout = try await Kubectl().facts(
                namespace: rollout.namespace, rollout: rollout.name, argo: rollout.argo)
        }
        return bookmark
    }

    /// Returns the differences between the current state and the bookmark, one line each.
    public func drift() async throws(RehearsalFault) -> [String] {
        try await State.now(bookmark).drift(from: bookmark)
    }

    // MARK: - Running

    /// Returns the steps of `run` without performing them; checks drift and preconditions.
    public func plan() async -> RehearsalReport {
        var report = RehearsalReport(budget: budget)
        do throws(RehearsalFault) {
            report.steps = try steps()
            try await check()
        } catch { report.fault = error }
        return report
    }

    /// Rolls back, waits until everything is stable, and restores the bookmark's state.
    public func run() async -> RehearsalReport {
        var report = await plan()
        if report.fault != nil { return report }
        await recordEvent(
            EventName.rehearsalStarted, "a rollback rehearsal begins: \(bookmark.name)")
        let started = ContinuousClock.now
        for index in report.steps.indices where report.steps[index].name != "restore" {
            if let fault = await perform(index, &report, since: started) {
                report.fault = fault
                break
            }
        }
        if report.fault == nil { report.rollback = started.duration(to: .now) }
        // In a detached task, so that cancellation does not stop the restore.
        finishRestore(await Task.detached { await restored() }.value, &report)
        let outcome = report.fault.map { "failed: \($0)" } ?? "succeeded"
        let took = report.rollback.map { "rolled back in \(RehearsalReport.milliseconds($0)) ms, " }
        await recordEvent(
            report.fault == nil ? EventName.rehearsalFinished : EventName.rehearsalFailed,
            "the rollback rehearsal \(bookmark.name) \(outcome); \(took ?? "")budget \(RehearsalReport.milliseconds(budget)) ms"
        )
        return report
    }

    private func steps() throws(RehearsalFault) -> [RehearsalReport.Step] {
        var steps: [RehearsalReport.Step] = []
        if let rollout = bookmark.rollout {
            steps.append(.init("abort", InertText.shellLine(rollout.abort)))
        }
        if bookmark.shifts, let source = bookmark.source {
            let balancer = try source.balancer()
            for target in bookmark.canary {
                steps.append(.init("shift", balancer.command(setting: target, to: 0)))
            }
        }
        var goals: [String] = []
        if bookmark.source != nil, !bookmark.canary.isEmpty {
            goals.append("weight 0 of \(bookmark.canary.joined(separator: ", "))")
        }
        if let probe = bookmark.probe {
            goals.append("\(probe.times) good answers in a row from \(ShownText.url(probe.url))")
        }
        guard !goals.isEmpty else {
            throw RehearsalFault(
                .precondition,
                "nothing would show that the rollback is done: bookmark a balancer's canary targets or a --probe"
            )
        }
        steps.append(.init("wait", goals.joined(separator: ", and ")))
        steps.append(.init("restore", try restoreWords()))
        return steps
    }

    private func restoreWords() throws(RehearsalFault) -> String {
        var commands: [String] = []
        if let rollout = bookmark.rollout { commands.append(InertText.shellLine(rollout.retry)) }
        if bookmark.shifts, let balancer = try bookmark.source?.balancer() {
            for weight in bookmark.weights where bookmark.canary.contains(weight.target) {
                commands.append(balancer.command(setting: weight.target, to: weight.value))
            }
        }
        return commands.joined(separator: "; ")
    }

    private func check() async throws(RehearsalFault) {
        let state = try await State.now(bookmark)
        let drift = state.drift(from: bookmark)
        guard drift.isEmpty else {
            throw RehearsalFault(
                .drift,
                "the state differs from the bookmark: \(drift.joined(separator: "; ")); take another bookmark"
            )
        }
        if let obstacle = state.obstacle(bookmark) {
            throw RehearsalFault(.precondition, obstacle)
        }
        if bookmark.rollout == nil && !bookmark.shifts {
            throw RehearsalFault(
                .precondition,
                "nothing would be rolled back: bookmark a --rollout, or let --shift set the weights"
            )
        }
    }

    private func perform(
        _ index: Int, _ report: inout RehearsalReport, since started: ContinuousClock.Instant
    ) async -> RehearsalFault? {
        let step = report.steps[index]
        show("\(step.name): \(step.command)")
        let began = ContinuousClock.now
        var failure: RehearsalFault?
        do throws(RehearsalFault) {
            switch step.name {
            case "abort":
                if let rollout = bookmark.rollout { try await Kubectl().run(rollout.abort) }
            case "shift":
                let targets = report.steps[..<index].filter { $0.name == "shift" }.count
                try await bookmark.source?.balancer().set(bookmark.canary[targets], to: 0)
            default: try await wait(since: started)
            }
        } catch { failure = error }
        report.steps[index].duration = began.duration(to: .now)
        report.steps[index].outcome = failure == nil ? .done : .failed
        report.steps[index].words = failure?.description ?? ""
        await recordEvent(
            EventName.rehearsalStep,
            "\(step.name): \(failure.map { "failed: \($0)" } ?? "done"): \(step.command)")
        return failure
    }

    /// Polls the weights and the user path until both are stable, at most until the budget ends.
    private func wait(since started: ContinuousClock.Instant) async throws(RehearsalFault) {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let deadline = started + budget
        var good = 0
        while true {
            var missing: [String] = []
            if let source = bookmark.source, !bookmark.canary.isEmpty {
                let open = try await source.balancer().weights()
                    .filter { bookmark.canary.contains($0.target) && $0.value > 0 }
                missing += open.map { "\($0.target) still has weight \($0.value)" }
            }
            if let probe = bookmark.probe {
                if let fault = await probe.fault(engine) {
                    good = 0
                    missing.append("the user path \(fault)")
                } else {
                    good += 1
                    if good < probe.times { missing.append("\(good) of \(probe.times) answers") }
                }
            }
            let isLate = ContinuousClock.now > deadline
            if missing.isEmpty, !isLate { return }
            if isLate {
                throw RehearsalFault(
                    .overtime,
                    "not back to stable within \(RehearsalReport.milliseconds(budget)) ms: \(missing.isEmpty ? "it took longer" : missing.joined(separator: "; "))"
                )
            }
            do { try await Task.sleep(for: poll) } catch {
                throw RehearsalFault(.failed, "interrupted")
            }
        }
    }
}
