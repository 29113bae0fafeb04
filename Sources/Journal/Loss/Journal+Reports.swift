public import Events
import Synchronization

/// When the log last reported trouble of its own.
struct ReportTimes: Sendable {
    var last: ContinuousClock.Instant?
    var trimmed: ContinuousClock.Instant?
}

extension Journal {
    /// Goes on behind `position`, which `reader` has stored as its place: where the log ends
    /// before it, acknowledged lines are gone, which is reported, and no later line gets a place
    /// that the reader would pass over. Call it after `open`, for each stored place.
    public func expect(_ position: LogPosition, of reader: String) async {
        await withCheckedContinuation { continuation in
            let chore = AppendQueue.Chore.expect(position, by: reader) { continuation.resume() }
            if !queue.submit(chore) { continuation.resume() }
        }
    }

    /// Appends what the log has to report of its own trouble: damage and an alarm within a
    /// second, removed history once a minute. What can't be appended now comes with the next.
    func appendReports(closing: Bool = false) {
        let now = ContinuousClock.now
        let isDue = reported.withLock { times in
            if !closing, let last = times.last, now - last < .seconds(1) { return false }
            times.last = now
            return true
        }
        guard isDue else { return }
        let state = self.state
        for (report, event) in state.takeReports().each {
            if !report.trimmed.isEmpty, !closing {
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

    /// Appends a `log.shed` event when it is time for one. What can't be told now is
    /// told with the next.
    func tellShed(closing: Bool = false) {
        guard let tally = writer.withLock({ $0.shedReport(closing: closing) }) else { return }
        let state = self.state
        let refusal = submit(tally.event(at: clock.now), pastQueue: closing) { result in
            if case .failure = result { state.owe(tally) }
        }
        if refusal != nil { state.owe(tally) }
    }

    /// Numbers and queues an event of ours; the fault when it can't be.
    func submit(
        _ event: Event, pastQueue: Bool = false, report: LogReports? = nil,
        reply: @escaping @Sendable (Result<AppendOutcome, JournalError>) -> Void
    ) -> JournalError? {
        // The lock spans numbering and queueing: lines are in the order of `seq`.
        sequence.withLock { last -> JournalError? in
            do throws(JournalError) {
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
