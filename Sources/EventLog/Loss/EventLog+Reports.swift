public import Events
import Synchronization

/// When the log last reported its own faults.
struct ReportTimes: Sendable {
    var last: ContinuousClock.Instant?
    var trimmed: ContinuousClock.Instant?
}

extension EventLog {
    /// Ensures that new lines are stored after `position`, the stored position of `reader`.
    ///
    /// If the log ends before it, acknowledged lines are missing. They are reported, and the log
    /// continues after `position`, so that the reader does not skip new lines. Call it after
    /// `open` for each stored position.
    public func expect(_ position: LogPosition, of reader: String) async {
        await withCheckedContinuation { continuation in
            let chore = AppendQueue.Chore.expect(position, by: reader) { continuation.resume() }
            if !queue.submit(chore) { continuation.resume() }
        }
    }

    /// Appends pending reports: damage and alarms at most once a second, removals once a minute.
    ///
    /// Reports that cannot be appended stay pending.
    func appendReports(closing: Bool = false) {
        guard !isCopy else { return }
        let now = ContinuousClock.now
        let isDue = reported.withLock { times in
            if !closing, let last = times.last, now - last < .seconds(1) { return false }
            times.last = now
            return true
        }
        guard isDue else { return }
        let state = self.state
        for (report, event) in state.takeReports().each {
            if !report.trimmed.isEmpty || !report.unshipped.isEmpty, !closing {
                let isDue = reported.withLock { times in
                    if let last = times.trimmed, now - last < .seconds(60) { return false }
                    times.trimmed = now
                    return true
                }
                guard isDue else {
                    state.report { $0 += report }
                    continue
                }
            }
            let refusal = submit(event(clock.now), pastQueue: true, report: report) { result in
                if case .failure = result { state.report { $0 += report } }
            }
            if refusal != nil { state.report { $0 += report } }
        }
    }

    /// Appends a `log.shed` event if one is due. If it cannot be appended, it stays pending.
    func reportShed(closing: Bool = false) {
        guard !isCopy, let tally = writer.withLock({ $0.shedReport(closing: closing) }) else {
            return
        }
        let state = self.state
        let refusal = submit(tally.event(at: clock.now), pastQueue: closing) { result in
            if case .failure = result { state.addUnreported(tally) }
        }
        if refusal != nil { state.addUnreported(tally) }
    }

    /// Numbers and queues an event of the log itself; returns the fault if that fails.
    func submit(
        _ event: Event, pastQueue: Bool = false, report: LogReports? = nil,
        reply: @escaping @Sendable (Result<AppendOutcome, EventLogError>) -> Void
    ) -> EventLogError? {
        // The lock covers numbering and queueing, so that lines are in the order of `seq`.
        sequence.withLock { last -> EventLogError? in
            do throws(EventLogError) {
                let (line, scanned) = try line(of: event, after: &last)
                let only = AppendRequest.Line(
                    range: 0..<line.count, key: scanned.key, kind: scanned.kind)
                let request = AppendRequest(
                    bytes: line, lines: [only], isRepeatable: false, report: report,
                    reply: reply)
                if pastQueue {
                    writer.withLock { $0.commit([request]) }
                } else {
                    try queue.submit(request)
                }
                return nil
            } catch { return error }
        }
    }
}
