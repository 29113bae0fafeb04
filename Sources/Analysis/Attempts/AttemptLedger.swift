import Events

/// Assigns measurements to attempts, so that each attempt has one verdict and one event.
///
/// Uses no clock and no I/O. The owner serializes the calls. The state can be
/// rebuilt from the analysis events of the log; checkpoints only shorten that.
/// Above `capacity`, the least recently used series that is not being
/// evaluated is removed; its attempts count from 1 when it returns.
public struct AttemptLedger: Sendable {
    /// The number of consecutive measurements refused before the answer is
    /// `unknown`. Argo Rollouts aborts at the fifth error; a monitoring outage
    /// must pause the rollout instead.
    public static let refusalLimit = 3

    public let timing: AttemptTiming
    public let capacity: Int
    var states: [String: SeriesState] = [:]
    var recency = RecencyList()
    var changed: Set<String> = []
    /// The tickets of the evaluations in progress, by series. Not part of checkpoints, because
    /// an evaluation ends with its process. Not in `states`, because tickets are large and few.
    var inFlight: [String: AttemptTicket] = [:]
    private var serial: UInt64 = 0

    /// - Parameter capacity: The most series to keep, at least 1.
    public init(timing: AttemptTiming, capacity: Int = 10_000) {
        self.timing = timing
        self.capacity = max(capacity, 1)
    }

    /// The number of series.
    public var count: Int { states.count }

    // MARK: - Evaluation

    public enum Admission: Sendable, Equatable {
        /// The attempt is complete. Answer with its bytes and write no event.
        case `repeat`(FrozenVerdict)
        /// Another caller evaluates the attempt. Wait for its answer.
        case inFlight(AttemptTicket)
        /// A new attempt, which this caller evaluates.
        case new(AttemptTicket)
    }

    /// Requests a measurement of a series.
    ///
    /// - Parameters:
    ///   - subject: What is measured, so that a hook can end the run.
    ///   - stated: The attempt number that the caller sent. A number greater than the
    ///     last attempt's starts a new attempt. Any other is ignored, because a template
    ///     may send a constant; the time decides.
    public mutating func begin(
        _ series: String, of subject: RunSubject? = nil, stated: Int? = nil, at now: Timestamp
    ) -> Admission {
        var state = states[series] ?? SeriesState(requestedAt: now)
        if let subject { state.subject = subject }
        if let ticket = inFlight[series], now - ticket.startedAt <= AttemptTiming.longestEvaluation
        {
            return .inFlight(ticket)
        }
        if state.isOver(at: now, timing: timing) {
            state.beginRun(Count(clamping: state.epoch + 1).value, at: now)
        }
        let news = stated.flatMap { $0 > state.attempts ? $0 : nil }
        if news == nil, let frozen = state.frozen, timing.isRepeat(of: frozen.measuredAt, at: now) {
            touch(series)
            return .repeat(frozen)
        }
        serial += 1
        let ticket = AttemptTicket(
            series: series,
            number: AttemptNumber(
                n: news ?? Count(clamping: state.attempts + 1).value, epoch: state.epoch,
                source: news == nil ? .counted : .caller),
            startedAt: now, history: state.history, serial: serial)
        inFlight[series] = ticket
        store(state, for: series)
        return .new(ticket)
    }

    /// The frozen verdict, if the request repeats the last attempt and no evaluation is running.
    ///
    /// `begin` would return the same verdict; this method never starts an attempt.
    public mutating func repeated(
        _ series: String, stated: Int? = nil, at now: Timestamp
    ) -> FrozenVerdict? {
        guard let state = states[series], inFlight[series] == nil, let frozen = state.frozen,
            timing.isRepeat(of: frozen.measuredAt, at: now), stated ?? 0 <= state.attempts,
            !state.isOver(at: now, timing: timing)
        else { return nil }
        touch(series)
        return frozen
    }

    /// Completes an attempt with its answer.
    ///
    /// Returns false and drops the answer if the ticket is no longer valid: it
    /// was used before, or another evaluation of the series replaced it.
    @discardableResult
    public mutating func complete(_ ticket: AttemptTicket, with record: AttemptRecord) -> Bool {
        guard var state = state(heldBy: ticket) else { return false }
        // The clock may have been set during the evaluation.
        let started = inFlight.removeValue(forKey: ticket.series)?.startedAt ?? ticket.startedAt
        var record = record
        if started != ticket.startedAt {
            record.verdict.measuredAt = record.verdict.measuredAt + (started - ticket.startedAt)
            record.inputs = nil
        }
        state.append(record)
        store(state, for: ticket.series)
        return true
    }

    /// Ends an evaluation without an answer. The next attempt gets the same number.
    public mutating func abandon(_ ticket: AttemptTicket) {
        guard let state = state(heldBy: ticket) else { return }
        inFlight[ticket.series] = nil
        store(state, for: ticket.series)
    }

    /// The state of the ticket's series; nil if the ticket is no longer valid.
    private func state(heldBy ticket: AttemptTicket) -> SeriesState? {
        guard inFlight[ticket.series]?.serial == ticket.serial else { return nil }
        return states[ticket.series]
    }

    public enum Unmeasured: Sendable, Equatable {
        /// Refuse with 503. `ordinal` counts consecutive refusals, from 1. The ticket is used.
        case refuse(ordinal: Int)
        /// Complete the ticket with the `unknown` verdict.
        case answer
    }

    /// Decides whether an attempt that could not be measured is refused or answered.
    public mutating func unmeasured(_ ticket: AttemptTicket, at now: Timestamp) -> Unmeasured {
        guard var state = state(heldBy: ticket) else { return .answer }
        state.countUnmeasured(at: now, timing: timing)
        let refused = state.unmeasured <= Self.refusalLimit
        if refused { inFlight[ticket.series] = nil }
        store(state, for: ticket.series)
        return refused ? .refuse(ordinal: state.unmeasured) : .answer
    }

    /// The last answer of the series' current run. A caller that exceeds its rate
    /// limit gets it.
    public func frozen(_ series: String, at now: Timestamp) -> FrozenVerdict? {
        guard let state = states[series], !state.isOver(at: now, timing: timing) else { return nil }
        return state.frozen
    }

    /// The hash of the policy that judged the last attempt of the series' current run; nil if
    /// there is no run.
    public func policy(ofRun series: String, at now: Timestamp) -> String? {
        guard let state = states[series], !state.isOver(at: now, timing: timing) else { return nil }
        return state.history.policy
    }

    // MARK: - Storage

    mutating func store(_ state: SeriesState, for series: String) {
        states[series] = state
        changed.insert(series)
        touch(series)
    }

    private mutating func touch(_ series: String) {
        recency.touch(series)
        guard states.count > capacity else { return }
        let victim = recency.leastRecent { inFlight[$0] == nil }
        if let victim, victim != series { forget(victim) }
    }

    private mutating func forget(_ series: String) {
        states[series] = nil
        recency.remove(series)
        changed.insert(series)
    }
}

/// The answer of a finished attempt, returned for every repeat of it.
public struct FrozenVerdict: Sendable, Equatable {
    public var number: AttemptNumber
    public var status: VerdictStatus
    public var document: VerdictDocument
    /// The time of the attempt's first request, for the header `Bellwether-Measured-At`.
    public var measuredAt: Timestamp

    public init(
        number: AttemptNumber, status: VerdictStatus, document: VerdictDocument,
        measuredAt: Timestamp
    ) {
        self.number = number
        self.status = status
        self.document = document
        self.measuredAt = measuredAt
    }
}
