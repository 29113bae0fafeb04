public import Events
import JSONScan
import Secrets
import Telemetry
import Transfer

/// The rollback rehearsal: does what a failing canary would make happen, times
/// it, and puts everything back.
///
/// Nothing is changed before the state equals the bookmark's and the
/// preconditions hold. After the first change everything is put back whatever
/// happens in between, cancellation included.
public struct Rehearsal: Sendable {
    public let bookmark: Bookmark
    /// For a rollback, from the first change until all is back to stable.
    public var budget: Duration
    /// Between two looks while waiting.
    public var poll: Duration
    /// Takes each step as it begins and ends.
    public var show: @Sendable (String) -> Void
    /// Takes the events of the rehearsal.
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

    /// Reads the state and makes a bookmark of it.
    ///
    /// - Parameters:
    ///   - canary: The balancer's targets that serve the canary.
    ///   - rollout: namespace and name, and the controller's version where it
    ///     cannot be read.
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

    /// How the state differs from the bookmark's, one line each.
    public func drift() async throws(RehearsalFault) -> [String] {
        try await State.now(bookmark).drift(from: bookmark)
    }

    // MARK: - Running

    /// What `run` does, without doing it; checks drift and preconditions.
    public func plan() async -> RehearsalReport {
        var report = RehearsalReport(budget: budget)
        do throws(RehearsalFault) {
            report.steps = try steps()
            try await check()
        } catch { report.fault = error }
        return report
    }

    /// Rolls back, waits until all is stable, and puts everything back.
    public func run() async -> RehearsalReport {
        var report = await plan()
        if report.fault != nil { return report }
        await tell("rehearsal.started", "a rollback rehearsal begins: \(bookmark.name)")
        let started = ContinuousClock.now
        for index in report.steps.indices where report.steps[index].name != "restore" {
            if let fault = await perform(index, &report, since: started) {
                report.fault = fault
                break
            }
        }
        if report.fault == nil { report.rollback = started.duration(to: .now) }
        // Once more by a task that nobody cancels: what was changed is put back.
        finishRestore(await Task.detached { await restored() }.value, &report)
        let outcome = report.fault.map { "failed: \($0)" } ?? "succeeded"
        let took = report.rollback.map { "rolled back in \(RehearsalReport.milliseconds($0)) ms, " }
        await tell(
            report.fault == nil ? "rehearsal.finished" : "rehearsal.failed",
            "the rollback rehearsal \(bookmark.name) \(outcome); \(took ?? "")budget \(RehearsalReport.milliseconds(budget)) ms"
        )
        return report
    }

    private func steps() throws(RehearsalFault) -> [RehearsalReport.Step] {
        var steps: [RehearsalReport.Step] = []
        if let rollout = bookmark.rollout {
            steps.append(.init("abort", Self.shell(rollout.abort)))
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
                "nothing would tell that the rollback is done: bookmark a balancer's canary targets or a --probe"
            )
        }
        steps.append(.init("wait", goals.joined(separator: ", and ")))
        steps.append(.init("restore", try restoreWords()))
        return steps
    }

    private func restoreWords() throws(RehearsalFault) -> String {
        var commands: [String] = []
        if let rollout = bookmark.rollout { commands.append(Self.shell(rollout.retry)) }
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
                "the state is not the bookmark's any more: \(drift.joined(separator: "; ")); take another bookmark"
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
        await tell(
            "rehearsal.step",
            "\(step.name): \(failure.map { "failed: \($0)" } ?? "done"): \(step.command)")
        return failure
    }

    /// Polls weights and the user path until both are stable.
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

    private static func shell(_ words: [String]) -> String {
        words.map { word in
            let isPlain = word.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "-_./:=@%+,".utf8.contains(byte)
                }
            }
            return isPlain
                ? word
                : "'\(word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#))'"
        }.joined(separator: " ")
    }
}
