import Events
import JSON

extension AttemptLedger {
    /// A series to store, or to delete if `checkpoint` is nil.
    public struct Change: Sendable, Equatable {
        public let series: String
        public let checkpoint: String?
    }

    /// Returns the ids of the series that changed since the last call, ascending.
    public mutating func takeChanged() -> [String] {
        defer { changed = [] }
        return changed.sorted()
    }

    /// The current state of a series.
    public func change(of series: String) -> Change {
        Change(series: series, checkpoint: states[series]?.checkpoint)
    }

    /// Marks series as changed again, after storing them failed.
    public mutating func putBack(_ series: some Sequence<String>) { changed.formUnion(series) }

    /// Returns the current state of each series that changed since the last call.
    public mutating func takeChanges() -> [Change] { takeChanged().map { change(of: $0) } }

    /// Replaces the state of a series. Throws if the checkpoint is damaged; the state then stays.
    public mutating func restore(
        series: String, checkpoint: String
    ) throws(CheckpointFault) {
        let state = try SeriesState(checkpoint: checkpoint)
        store(state, for: series)
        changed.remove(series)
    }

    /// Applies an event that this node wrote about an attempt; call it in log order.
    ///
    /// Events that were applied before, and events of other kinds, change
    /// nothing: a replay may start at any position that the checkpoints cover.
    ///
    /// - Returns: Whether the event changed anything.
    @discardableResult
    public mutating func restore(from event: Event) -> Bool {
        if let applied = RunEnd(applied: event) { return end(applied) > 0 }
        guard let series = event.extra("series")?.string, let run = event.extra("run")?.count?.value
        else { return false }
        var state = states[series] ?? SeriesState(requestedAt: event.ts)
        guard run >= max(state.epoch, 1) else { return false }
        let isNewRun = run > state.epoch
        state.subject = RunSubject(event) ?? state.subject

        if let record = AttemptRecord(event: event) {
            guard isNewRun || record.verdict.number.n > state.attempts else { return false }
            if isNewRun { state.beginRun(run, at: event.ts) }
            if !record.measured { state.countUnmeasured(at: event.ts, timing: timing) }
            state.append(record)
        } else if event.event == EventName.requestRefused,
            let ordinal = event.extra("unmeasured")?.count?.value
        {
            guard isNewRun || event.ts > state.requestedAt else { return false }
            if isNewRun { state.beginRun(run, at: event.ts) }
            state.unmeasured = ordinal
            state.unmeasuredAt = event.ts
            state.requestedAt = event.ts
        } else {
            return false
        }
        store(state, for: series)
        return true
    }
}
