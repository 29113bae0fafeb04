public import EventLog
public import Events
public import State
import Synchronization
public import Telemetry

/// Appends what the node decides to the event log before it takes effect.
///
/// The state file is a cache of these lines: `DecisionReplay` applies them again if the process
/// ended before their effect was stored, or if the state file is new. Thread-safe.
public final class DecisionLog: Sendable {
    /// Decisions up to this durable position are applied.
    public static let cursorName = "decisions"

    public let store: Store
    public let eventLog: EventLog
    private let telemetry: Telemetry
    private let bucket: BucketWait?
    private let open = Mutex(Open())

    /// A bucket that outlives this machine, as far as decisions need it.
    public struct BucketWait: Sendable {
        /// Waits until the lines before a position are in the bucket, as long as a digest may wait
        /// for it. Returns false if this node may not decide any more.
        let until: @Sendable (LogPosition) async -> Bool
        /// Copies the newest lines without waiting for further ones.
        let hurry: @Sendable () -> Void
        /// Since when the node decides without a bucket that does not answer; nil if it does not.
        let aloneSince: @Sendable () -> Timestamp?
        /// Waits until this node may decide again; returns false if it never will.
        let untilActing: @Sendable () async -> Bool

        public init(
            until: @escaping @Sendable (LogPosition) async -> Bool,
            hurry: @escaping @Sendable () -> Void,
            aloneSince: @escaping @Sendable () -> Timestamp? = { nil },
            untilActing: @escaping @Sendable () async -> Bool = { true }
        ) {
            self.untilActing = untilActing
            self.until = until
            self.hurry = hurry
            self.aloneSince = aloneSince
        }
    }

    private struct Open {
        /// Where the log ended before each decision that is not applied yet was appended.
        var heads: [UInt64: LogPosition] = [:]
        var last: UInt64 = 0
        /// Decisions in the log that could not take effect; see `resume`.
        var left: [UInt64] = []
    }

    /// - Parameter bucket: nil without a bucket.
    public init(
        eventLog: EventLog, store: Store, bucket: BucketWait? = nil, telemetry: Telemetry
    ) {
        self.eventLog = eventLog
        self.bucket = bucket
        self.store = store
        self.telemetry = telemetry
        DecisionUnlogged.count(0, in: telemetry.registry)
    }

    /// Call it after `NotLeading`: the lines of that decision are in this log. Waits until this
    /// node decides again, and applies them, so that none of them is decided once more. Returns
    /// false if it decides no more.
    func resume() async -> Bool {
        guard let bucket, await bucket.untilActing() else { return false }
        let left = open.withLock { open in
            defer { open.left = [] }
            return open.left
        }
        await replay()
        open.withLock { open in for number in left { open.heads[number] = nil } }
        return true
    }

    /// Since when the node decides without its bucket; nil if it does not.
    var aloneSince: Timestamp? { bucket?.aloneSince() }

    /// Appends the lines of a decision and then runs `effect`, which stores it.
    ///
    /// With a bucket, a digest or a person's decision is there before its effect: a machine that
    /// continues this log then sends the same bytes, and keeps to a silence that was answered.
    /// Outcomes of deliveries, which have happened, follow at once; states of groups with the next
    /// lines.
    ///
    /// If the log cannot be appended to, the effect is stored nevertheless and reported: a full
    /// disk must not stop messages. If `effect` throws, the decision is applied at the next start.
    ///
    /// - Throws: `NotLeading` if another node continues the log meanwhile; the effect is not stored.
    /// - Parameter effect: Gets a position after the lines; nil if they are not in the log.
    public func decide<T: Sendable>(
        _ events: [Event], _ effect: (LogPosition?) async throws -> T
    ) async throws -> T {
        guard !events.isEmpty else { return try await effect(nil) }
        let head = eventLog.head
        let number = open.withLock { open in
            open.last &+= 1
            open.heads[open.last] = head
            return open.last
        }
        var end: LogPosition?
        do { end = try await eventLog.append(together: events) } catch {
            telemetry.emit(DecisionUnlogged(event: events[0].event, fault: "\(error)"))
        }
        if let bucket, let end {
            if events.contains(where: { Self.waiting.contains($0.event) }) {
                guard await bucket.until(end) else {
                    open.withLock { $0.left.append(number) }
                    throw NotLeading()
                }
            } else if events.contains(where: { Self.outcomes.contains($0.event) }) {
                bucket.hurry()
            }
        }
        let result = try await effect(end)
        if end == nil {
            // Digests are left out: states of groups that are logged late would replace newer ones.
            let late = events.filter { $0.extra("commit") == nil }
            try? await store.write { db in try CommandDecisions.log(db, late) }
        }
        open.withLock { open in _ = open.heads.removeValue(forKey: number) }
        return result
    }

    /// What takes effect only when it is in the bucket: digests, and what people decide.
    private static let waiting: Set<String> = [
        EventName.digestComposed, EventName.silenceAdded, EventName.silenceExpired,
        EventName.deliveryDropped, EventName.deliveryRetried,
    ]

    /// What has happened already: a machine that continues this log before it reads them sends the
    /// message again. States of groups, up to ten a second, go with the next lines: each object costs
    /// money.
    private static let outcomes: Set<String> = [
        EventName.deliverySent, EventName.deliveryRefused, EventName.deliveryDead,
    ]

    /// Waits until the lines before `end` are in the bucket, as long as a decision waits for it.
    /// Returns false if this node may not decide any more.
    func isKept(_ end: LogPosition) async -> Bool { await bucket?.until(end) ?? true }

    /// Applies the decisions that an earlier process logged and did not store. Call it before
    /// anything else is decided. Reports a failure; the state file is then used as it is.
    public func replay() async {
        do {
            try await DecisionReplay(eventLog: eventLog, store: store, telemetry: telemetry).run()
        } catch {
            telemetry.emit(DecisionsNotReplayed(fault: "\(error)"))
        }
    }

    /// Appends the decisions of commands, and those that the log refused, about once a second,
    /// until cancelled.
    public func run(clock: any Clock<Duration> = ContinuousClock()) async {
        while !Task.isCancelled {
            // While the log or the state file refuses, they wait.
            try? await logUnlogged()
            try? await clock.sleep(for: .seconds(1))
        }
    }

    /// Appends decisions that took effect without a line in the log. One that is appended twice,
    /// because the process ended in between, changes nothing when it is applied.
    func logUnlogged() async throws {
        while true {
            let rows = try await store.read { db in try UnloggedTable.first(db, limit: 200) }
            guard let last = rows.last else { return }
            let events = rows.compactMap { try? Event(line: Array($0.line.utf8)) }
            if !events.isEmpty { _ = try await eventLog.append(together: events) }
            try await store.write { db in try UnloggedTable.remove(db, upTo: last.id) }
        }
    }

    /// The position up to which every decision is applied, at most `position`.
    func applied(upTo position: LogPosition) -> LogPosition {
        open.withLock { open in open.heads.values.reduce(position, min) }
    }
}

/// Another node decides from now on.
struct NotLeading: Error, CustomStringConvertible {
    var description: String { "this node no longer leads; the other one sends its messages" }
}
