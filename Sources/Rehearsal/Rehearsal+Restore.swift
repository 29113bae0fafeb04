import Events
import JSON

extension Rehearsal {
    /// Restores the bookmark's state where the current one differs. Safe to repeat.
    ///
    /// - Returns: One line for each change.
    public func restore() async throws(RehearsalFault) -> [String] {
        var done: [String] = []
        let state = try await State.now(bookmark)
        if let now = state.rollout, let before = bookmark.rollout, now.isAborted,
            !before.isAborted
        {
            guard now.uid == before.uid, now.revision == before.revision else {
                throw RehearsalFault(
                    .drift,
                    "the Rollout has moved on to revision \(now.revision) since the bookmark; its abort is not taken back"
                )
            }
            try await Kubectl().run(before.retry)
            done.append("the abort of \(before.namespace)/\(before.name) is taken back")
        }
        if bookmark.shifts, let balancer = try bookmark.source?.balancer() {
            for before in bookmark.weights where bookmark.canary.contains(before.target) {
                let now = state.weights.first { $0.target == before.target }
                guard now?.value != before.value else { continue }
                try await balancer.set(before.target, to: before.value)
                done.append("weight.\(before.target): \(now?.value ?? 0) → \(before.value)")
            }
            let left = try await balancer.weights().filter { now in
                bookmark.canary.contains(now.target)
                    && bookmark.weights.first { $0.target == now.target }?.value != now.value
            }
            if let first = left.first {
                throw RehearsalFault(
                    .failed, "\(first.target): set, but the balancer still reports \(first.value)")
            }
        }
        if !done.isEmpty {
            await recordEvent(EventName.rehearsalRestored, done.joined(separator: "; "))
        }
        return done
    }

    func restored() async -> Result<[String], RehearsalFault> {
        do throws(RehearsalFault) { return .success(try await restore()) } catch {
            return .failure(error)
        }
    }

    func finishRestore(
        _ restored: Result<[String], RehearsalFault>, _ report: inout RehearsalReport
    ) {
        guard let index = report.steps.indices.last else { return }
        show("restore: \(report.steps[index].command)")
        switch restored {
        case .success(let done):
            report.steps[index].outcome = .done
            report.steps[index].words = done.joined(separator: "; ")
        case .failure(let fault):
            report.steps[index].outcome = .failed
            report.steps[index].words = fault.description
            let before = report.fault.map { "\($0); and then " } ?? ""
            // A failed restore is more serious than an earlier fault.
            report.fault = RehearsalFault(
                .failed, "\(before)the state was not put back: \(fault)")
        }
    }

    /// Records an event, marked as a rehearsal.
    func recordEvent(_ name: String, _ message: String) async {
        let level: Event.Level =
            switch name {
            case EventName.rehearsalFailed: .error
            case EventName.rehearsalStarted: .warn
            default: .info
            }
        let rollout = bookmark.rollout
        await record(
            Event(
                ts: WallClock.system.now, level: level, event: name,
                namespace: rollout?.namespace, rollout: rollout?.name ?? bookmark.name,
                revision: rollout.flatMap { $0.revision.isEmpty ? nil : $0.revision },
                message: "Rehearsal, not an incident. \(message)",
                extra: [
                    .init("rehearsal", .bool(true)),
                    .init("bookmark", .string("sha256:" + bookmark.digest)),
                ]))
    }
}
