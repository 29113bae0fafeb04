import Events

/// Which attempt of which series a measurement is: the state machine behind
/// "one attempt, one verdict, one event, the same bytes".
///
/// A value without clock or I/O; whoever owns it serialises the calls. It can
/// be rebuilt from the log's own analysis events at any time, checkpoints only
/// shorten that. Bounded: over `capacity` the least recently used series that
/// is not being evaluated is forgotten, and counts from 1 when it comes back.
public struct AttemptLedger: Sendable {
    /// How many measurements in a row may be refused before the answer is
    /// `unknown`: Argo Rollouts aborts at the fifth error, a monitoring outage
    /// must pause instead.
    public static let refusalLimit = 3

    public let timing: AttemptTiming
    public let capacity: Int
    var states: [String: SeriesState] = [:]
    var recency = RecencyList()
    var changed: Set<String> = []
    /// What is being evaluated now, by series; never written down, because an evaluation
    /// dies with its process. Beside the states, because it is large and there are few.
    var inFlight: [String: AttemptTicket] = [:]
    private var serial: UInt64 = 0

    /// - Parameter capacity: How many series are kept, at least 1.
    public init(timing: AttemptTiming, capacity: Int = 10_000) {
        self.timing = timing
        self.capacity = max(capacity, 1)
    }

    /// How many series are kept.
    public var count: Int { states.count }

    // MARK: - Evaluating

    public enum Admission: Sendable, Equatable {
        /// The attempt is over: answer its bytes, write no event.
        case `repeat`(FrozenVerdict)
        /// Another caller evaluates it: wait for that one's answer.
        case inFlight(AttemptTicket)
        /// A new attempt, to be evaluated by this caller.
        case new(AttemptTicket)
    }

    /// Asks to measure a series.
    ///
    /// - Parameter stated: The caller's own number. It is taken when it is
    ///   greater than the last attempt's; any other is no news (a template's
    ///   constant comes with every measurement) and time decides.
    public mutating func begin(
        _ series: String, stated: Int? = nil, at now: Timestamp
    ) -> Admission {
        var state = states[series] ?? SeriesState(heardAt: now)
        if let ticket = inFlight[series], !timing.isSilent(since: ticket.startedAt, at: now) {
            return .inFlight(ticket)
        }
        if state.epoch == 0 || timing.isSilent(since: state.heardAt, at: now) {
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

    /// The frozen verdict when the request repeats a series' attempt and nobody
    /// evaluates the series: what `begin` would answer, without beginning anything.
    public mutating func repeated(
        _ series: String, stated: Int? = nil, at now: Timestamp
    ) -> FrozenVerdict? {
        guard let state = states[series], inFlight[series] == nil, let frozen = state.frozen,
            timing.isRepeat(of: frozen.measuredAt, at: now), stated ?? 0 <= state.attempts,
            !timing.isSilent(since: state.heardAt, at: now)
        else { return nil }
        touch(series)
        return frozen
    }

    /// Ends an attempt with its answer. False when the ticket is no longer
    /// valid (its series was forgotten or given to another evaluation); the
    /// answer is then not kept.
    @discardableResult
    public mutating func complete(_ ticket: AttemptTicket, with record: AttemptRecord) -> Bool {
        guard var state = state(heldBy: ticket) else { return false }
        // The clock may have been set meanwhile.
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

    /// Ends an evaluation that came to nothing: its number is given to the next.
    public mutating func abandon(_ ticket: AttemptTicket) {
        guard let state = state(heldBy: ticket) else { return }
        inFlight[ticket.series] = nil
        store(state, for: ticket.series)
    }

    /// The series' state while the ticket is the valid one.
    private func state(heldBy ticket: AttemptTicket) -> SeriesState? {
        guard inFlight[ticket.series]?.serial == ticket.serial else { return nil }
        return states[ticket.series]
    }

    public enum Unmeasured: Sendable, Equatable {
        /// Refuse (503): the `ordinal`th in a row, from 1. The ticket is used up.
        case refuse(ordinal: Int)
        /// Complete the ticket with the `unknown` verdict.
        case answer
    }

    /// Says what to do with an attempt that could not be measured.
    public mutating func unmeasured(_ ticket: AttemptTicket, at now: Timestamp) -> Unmeasured {
        guard var state = state(heldBy: ticket) else { return .answer }
        state.countUnmeasured(at: now, timing: timing)
        let refused = state.unmeasured <= Self.refusalLimit
        if refused { inFlight[ticket.series] = nil }
        store(state, for: ticket.series)
        return refused ? .refuse(ordinal: state.unmeasured) : .answer
    }

    /// The last answer of the series' current run, however old: what a caller
    /// over its rate limit gets.
    public func frozen(_ series: String, at now: Timestamp) -> FrozenVerdict? {
        guard let state = states[series], !timing.isSilent(since: state.heardAt, at: now) else {
            return nil
        }
        return state.frozen
    }

    // MARK: - Keeping

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
