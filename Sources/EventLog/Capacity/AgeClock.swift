import Events
import JSON
import Telemetry

/// The time by which the log removes history for its age.
///
/// A wall clock that is set forward would make all history old at once. So a difference of more
/// than `allowed` between the wall clock and the time that has passed counts only once the wall
/// clock has run for `proof` without a further step. Not thread-safe.
struct AgeClock: Sendable {
    /// A step of the wall clock that does not count yet.
    struct Doubt: Sendable, Equatable {
        /// How far the wall clock is ahead of the confirmed time; negative if it is behind.
        var ahead: Duration
        /// How long the wall clock has run since without a further step.
        var stable = Duration.zero
        /// Whether an event has reported that history is kept because of it.
        var isReported = false
    }

    /// The greatest step that counts at once.
    let allowed: Duration
    /// How long the wall clock has to run after a greater one.
    let proof: Duration
    /// The wall clock's time before the step, and the time that has passed since.
    private(set) var confirmed: Timestamp
    /// nil while the wall clock counts.
    private(set) var doubt: Doubt?
    private let stopwatch: Stopwatch
    private var elapsed: Duration
    /// What the file holds.
    private var saved: ClockFile.State?

    /// - Parameters:
    ///   - ages: The ages after which history is removed; a tenth of the least one counts at once.
    ///   - newest: When the log's newest line was accepted; nil for an empty log.
    ///   - resuming: The state that a restart interrupted.
    init(
        ages: [Duration], newest: Timestamp?, resuming state: ClockFile.State?, now: Timestamp,
        clock: any Clock<Duration>
    ) {
        let least = ages.min() ?? Self.day
        allowed = min(Self.day, least / 10)
        proof = min(Self.day, least)
        confirmed = state?.confirmed ?? newest ?? now
        doubt = state?.doubt
        saved = state
        stopwatch = Stopwatch(clock)
        elapsed = stopwatch.elapsed
        observe(now)
    }

    private static let day = Duration.seconds(86_400)

    /// Compares the wall clock with the time that has passed since the last call.
    mutating func observe(_ now: Timestamp) {
        let elapsed = stopwatch.elapsed
        let passed = elapsed - self.elapsed
        self.elapsed = elapsed
        confirmed = confirmed + passed
        var ahead = now - confirmed
        guard isStep(ahead) else { return confirm(now) }
        guard var doubt else {
            self.doubt = Doubt(ahead: ahead)
            return
        }
        let further = ahead - doubt.ahead
        if isStep(further) {
            // Set forward again from a time that was behind: what is confirmed is the time before.
            if further > .zero, ahead < .zero {
                confirmed = confirmed + doubt.ahead
                ahead = further
            }
            doubt = Doubt(ahead: ahead, isReported: doubt.isReported)
        } else {
            doubt.stable += passed
            doubt.ahead = ahead
        }
        self.doubt = doubt
        if doubt.stable >= proof { confirm(now) }
    }

    private func isStep(_ difference: Duration) -> Bool {
        difference > allowed || difference < .zero - allowed
    }

    private mutating func confirm(_ now: Timestamp) {
        confirmed = now
        doubt = nil
    }

    /// The time that ages are counted to. A clock that was set back counts at once, because that
    /// keeps more.
    func time(at now: Timestamp) -> Timestamp { min(now, confirmed) }

    /// Returns the step if history is kept because of it and no event has reported that yet.
    mutating func report() -> HeldAges? {
        guard let doubt, doubt.ahead > .zero, !doubt.isReported else { return nil }
        self.doubt?.isReported = true
        return HeldAges(ahead: doubt.ahead, proof: proof)
    }

    /// What is to be done with the file.
    enum Change: Sendable, Equatable {
        case none
        case remove
        case write(ClockFile.State)
    }

    /// Returns what is to be done with the file, once for each change.
    mutating func change() -> Change {
        guard let doubt else {
            guard saved != nil else { return .none }
            saved = nil
            return .remove
        }
        if let saved, saved.doubt.isReported == doubt.isReported,
            saved.doubt.stable <= doubt.stable, doubt.stable < saved.doubt.stable + saveEvery
        {
            return .none
        }
        let state = ClockFile.State(confirmed: confirmed, doubt: doubt)
        saved = state
        return .write(state)
    }

    private var saveEvery: Duration { min(.seconds(600), proof / 10) }
}

/// The file with a step of the wall clock that does not count yet.
///
/// Without it a restart would take the newest line's time, which may be one after the step, for
/// confirmed.
enum ClockFile {
    struct State: Sendable, Equatable {
        var confirmed: Timestamp
        var doubt: AgeClock.Doubt
    }

    /// Returns nil if there is no file, or none that can be read.
    static func read(in folder: LogFolder) -> State? {
        guard let bytes = try? folder.files.contents(folder.file(SegmentName.clock)),
            var input = ByteReader(sealed: bytes), let confirmed = input.read(),
            let ahead = input.read(), let stable = input.read(), let flag = input.read()
        else { return nil }
        return State(
            confirmed: Timestamp(milliseconds: Int64(bitPattern: confirmed)),
            doubt: AgeClock.Doubt(
                ahead: .milliseconds(Int64(bitPattern: ahead)),
                stable: .milliseconds(Int64(bitPattern: stable)), isReported: flag != 0))
    }

    /// Ignores failures: a restart then begins with the newest line's time.
    static func write(_ state: State, in folder: LogFolder) {
        var out = ByteWriter()
        out.write(UInt64(bitPattern: state.confirmed.milliseconds))
        out.write(UInt64(bitPattern: state.doubt.ahead.wholeMilliseconds))
        out.write(UInt64(bitPattern: state.doubt.stable.wholeMilliseconds))
        let flag: UInt64 = state.doubt.isReported ? 1 : 0
        out.write(flag)
        try? folder.files.replace(
            folder.file(SegmentName.clock), in: folder.path, with: out.sealed())
    }

    static func remove(in folder: LogFolder) {
        try? folder.files.remove(folder.file(SegmentName.clock))
    }
}

/// History that is older than `log.max_age` by the wall clock, and kept because that may be wrong.
struct HeldAges: Sendable, Equatable {
    /// How far the wall clock is ahead of the log.
    var ahead: Duration
    /// How long it has to run before it counts.
    var proof: Duration

    /// The event `clock.stepped`.
    func event(at time: Timestamp) -> Event {
        let (hours, wait) = (ahead.wholeMilliseconds / 3_600_000, proof.wholeMilliseconds / 60_000)
        return Event(
            ts: time, level: .warn, event: EventName.clockStepped,
            message:
                "the node's clock is \(hours) hours ahead of the event log: it was set, or the node "
                + "was off. No segment is removed for its age (log.max_age, bucket.keep) before "
                + "the clock has run for \(wait) minutes without another step",
            extra: [.init("ahead_ms", .number("\(ahead.wholeMilliseconds)"))])
    }
}

/// History is kept although it is old by the wall clock, because that clock was set.
struct ClockStepped: TelemetryEvent {
    let held: HeldAges

    var level: Logger.Level { .warning }
    var message: String {
        "the clock is ahead of the event log: no segment is removed for its age until it is confirmed"
    }
    var fields: [(String, String)] {
        [
            ("ahead_ms", "\(held.ahead.wholeMilliseconds)"),
            ("confirmed_after_ms", "\(held.proof.wholeMilliseconds)"),
        ]
    }
}
