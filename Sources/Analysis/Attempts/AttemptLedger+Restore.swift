import Events
import JSONScan

extension AttemptLedger {
    /// A series to write down, or to delete where `checkpoint` is nil.
    public struct Change: Sendable, Equatable {
        public let series: String
        public let checkpoint: String?
    }

    /// The series that changed since the last call, ascending by id.
    public mutating func takeChanged() -> [String] {
        defer { changed = [] }
        return changed.sorted()
    }

    /// A series as it is now.
    public func change(of series: String) -> Change {
        Change(series: series, checkpoint: states[series]?.checkpoint)
    }

    /// What was taken could not be written down: it is to be taken again.
    public mutating func putBack(_ series: some Sequence<String>) { changed.formUnion(series) }

    /// All at once: what changed since the last call, as it is now.
    public mutating func takeChanges() -> [Change] { takeChanged().map { change(of: $0) } }

    /// Takes over a checkpoint; throws, and keeps what was there, when it is damaged.
    public mutating func restore(
        series: String, checkpoint: String
    ) throws(CheckpointFault) {
        let state = try SeriesState(checkpoint: checkpoint)
        store(state, for: series)
        changed.remove(series)
    }

    /// Takes in an event that this node wrote about an attempt, in the order of
    /// the log. An event that is already known, or about something else,
    /// changes nothing; so a replay may begin anywhere before the end of what
    /// the checkpoints cover.
    ///
    /// - Returns: Whether the event changed anything.
    @discardableResult
    public mutating func restore(from event: Event) -> Bool {
        guard let series = event.extra("series")?.string, let run = event.extra("run")?.count?.value
        else { return false }
        var state = states[series] ?? SeriesState(heardAt: event.ts)
        guard run >= max(state.epoch, 1) else { return false }
        let isNewRun = run > state.epoch

        if let record = AttemptRecord(event: event) {
            guard isNewRun || record.verdict.number.n > state.attempts else { return false }
            if isNewRun { state.beginRun(run, at: event.ts) }
            if !record.measured { state.countUnmeasured(at: event.ts, timing: timing) }
            state.append(record)
        } else if event.event == EventName.requestRefused,
            let ordinal = event.extra("unmeasured")?.count?.value
        {
            guard isNewRun || event.ts > state.heardAt else { return false }
            if isNewRun { state.beginRun(run, at: event.ts) }
            state.unmeasured = ordinal
            state.unmeasuredAt = event.ts
            state.heardAt = event.ts
        } else {
            return false
        }
        store(state, for: series)
        return true
    }
}
