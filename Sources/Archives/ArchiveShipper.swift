public import Bucket
import Core
public import EventLog
public import Events
import Synchronization
public import Telemetry
import Transfer

/// Copies sealed segments to a bucket, in the order of their numbers, and removes old ones there.
///
/// The log keeps the cursor (`EventLog.shipped`): a segment counts as shipped once the bucket
/// returns the size and checksum that were sent. No failure is final: the same segment is tried
/// again until it is in the bucket or has left the disk. Thread-safe.
public final class ArchiveShipper: Sendable {
    public struct Plan: Sendable {
        /// The node's name, for the prefix's owner.
        public var node: String
        /// The id of the node's data folder; see `PrefixOwner`.
        public var id: String
        /// How often the log is checked for new archives.
        public var ship: Duration
        /// Segments in the bucket that are older are removed.
        public var keep: Duration
        /// Whether a segment of this number may be copied yet.
        public var isDue: @Sendable (UInt64) -> Bool

        public init(
            node: String, id: String, ship: Duration, keep: Duration,
            isDue: @escaping @Sendable (UInt64) -> Bool = { _ in true }
        ) {
            self.node = node
            self.id = id
            self.ship = ship
            self.keep = keep
            self.isDue = isDue
        }
    }

    public struct Status: Sendable, Equatable {
        /// Why the last try failed; nil while the bucket takes everything.
        public var fault: BucketFault?
        public var failuresInARow = 0
        /// When the bucket was last found to have everything that is sealed.
        public var completeAt: Timestamp?
    }

    private let log: EventLog
    private let bucket: Bucket
    private let plan: Plan
    private let clock: WallClock
    private let telemetry: Telemetry
    private let sleep: @Sendable (Duration) async throws -> Void
    private let state = Mutex(State())

    private struct State {
        var status = Status()
        var isOwner = false
        var removedAt: Timestamp?
    }

    private static let backoff = RetryPolicy(
        initial: .seconds(1), factor: 2, ceiling: .seconds(60))
    /// The time between two removals of old segments.
    private static let removal = Duration.seconds(3600)
    /// By how much this machine's clock may differ from the store's when old segments are removed.
    private static let skew: ClosedRange<Duration> = .seconds(-3600) ... .seconds(3600)

    public convenience init(_ plan: Plan, log: EventLog, bucket: Bucket, telemetry: Telemetry) {
        self.init(
            plan, log: log, bucket: bucket, telemetry: telemetry, clock: .system,
            sleep: { try await Task.sleep(for: $0) })
    }

    init(
        _ plan: Plan, log: EventLog, bucket: Bucket, telemetry: Telemetry, clock: WallClock,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.plan = plan
        self.log = log
        self.bucket = bucket
        self.clock = clock
        self.telemetry = telemetry
        self.sleep = sleep
        ShippingCounters.declare(in: telemetry.registry)
    }

    public var status: Status { state.withLock { $0.status } }

    /// Claims the prefix for this node, and waits for the answer at most this long.
    ///
    /// Throws `PrefixTaken` if it is another node's. Any other failure, and no answer, is tried
    /// again by `run`.
    public func claim(within patience: Duration) async throws(PrefixTaken) {
        let (owners, feed) = AsyncStream.makeStream(of: PrefixOwner.self)
        let claim = Task {
            if let found = try? await owner() { feed.yield(found) }
            feed.finish()
        }
        let timer = Task {
            try? await Task.sleep(for: patience)
            feed.finish()
        }
        defer {
            claim.cancel()
            timer.cancel()
        }
        for await owner in owners { throw PrefixTaken(url: bucket.location.url, owner: owner) }
    }

    /// Another owner of the prefix; nil if it is this node.
    private func owner() async throws(BucketFault) -> PrefixOwner? {
        if state.withLock({ $0.isOwner }) { return nil }
        let owner = try await PrefixOwner.claim(
            bucket, id: plan.id, node: plan.node, now: clock.now)
        if owner == nil { state.withLock { $0.isOwner = true } }
        return owner
    }

    /// Ships until cancelled.
    public func run() async {
        var random = SystemRandomNumberGenerator()
        while !Task.isCancelled {
            let pause: Duration
            do throws(BucketFault) {
                succeed(isComplete: try await pass())
                pause = plan.ship
            } catch {
                if error.kind == .cancelled { return }
                pause = Self.backoff.delay(after: fail(error), using: &random)
            }
            do { try await sleep(pause) } catch { return }
        }
    }

    /// Ships everything that is sealed and due, and removes what is too old.
    ///
    /// - Returns: Whether the bucket has everything that is sealed.
    @discardableResult
    func pass() async throws(BucketFault) -> Bool {
        if let owner = try await owner() {
            let taken = PrefixTaken(url: bucket.location.url, owner: owner)
            throw BucketFault(.taken, place: "\(bucket.location.url)/cluster", words: "\(taken)")
        }
        var isComplete = true
        while let segment = try await next() {
            guard plan.isDue(segment.number) else {
                isComplete = false
                break
            }
            try await ship(segment)
            if Task.isCancelled { return false }
        }
        try await removeOld()
        return isComplete
    }

    private func next() async throws(BucketFault) -> SealedSegment? {
        do throws(EventLogError) { return try await log.nextToShip() } catch {
            throw BucketFault(.invalid, place: "log", words: "\(error)")
        }
    }

    private func ship(_ segment: SealedSegment) async throws(BucketFault) {
        let begun = ContinuousClock.now
        // The archive comes last: readers take a segment for complete once its archive is listed.
        for file in [segment.index, segment.archive] {
            guard let object = BucketSegments.object(file.name) else {
                throw BucketFault(.invalid, place: file.path, words: "not a segment's name")
            }
            do throws(BucketFault) {
                try await bucket.upload(object, from: file.path, size: file.bytes)
            } catch {
                // Removed for the quota, or by another process: the log reports that.
                if log.isGone(segment) { return }
                throw error
            }
        }
        do throws(EventLogError) { try await log.noteShipped(segment.number) } catch {
            throw BucketFault(.invalid, place: "log", words: "\(error)")
        }
        telemetry.emit(
            SegmentShipped(
                name: segment.archive.name, bytes: segment.archive.bytes + segment.index.bytes,
                seconds: (ContinuousClock.now - begun).inSeconds))
    }

    // MARK: - Old segments

    /// Removes segments whose last line is older than `keep`. A segment ends before the next one
    /// begins, so that the newest one always stays.
    private func removeOld() async throws(BucketFault) {
        let now = clock.now
        let isDue = state.withLock { state in
            if let last = state.removedAt, now >= last, now - last < Self.removal { return false }
            return true
        }
        guard isDue else { return }
        // Stores refuse requests of a clock that is far off; not all of them do.
        if let difference = try await bucket.clockDifference(PrefixOwner.object),
            !Self.skew.contains(difference)
        {
            throw BucketFault(
                .invalid, place: "clock",
                words:
                    "this machine's clock and the store's differ by \(difference.components.seconds) s, so no segment is removed by its age; synchronize the clocks"
            )
        }
        let objects = try await bucket.list(BucketSegments.folder).map(\.name)
        let files = objects.compactMap { object in
            BucketSegments.file(object).map {
                (object: object, began: StoredSegmentName($0)?.began)
            }
        }
        let starts = Set(files.compactMap(\.began)).sorted()
        // No segment becomes old because a clock was set forward.
        let limit = min(now, log.ageTime) - plan.keep
        // All segments that begin before the last start that is before the limit.
        if let newest = starts.last(where: { $0 < limit }) {
            let old = files.filter { file in file.began.map { $0 < newest } ?? false }
            for file in old { try await bucket.remove(file.object) }
            if !old.isEmpty { telemetry.emit(OldSegmentsRemoved(objects: old.count)) }
        }
        state.withLock { $0.removedAt = now }
    }

    // MARK: - State

    private func succeed(isComplete: Bool) {
        let (was, now) = (status, clock.now)
        state.withLock { state in
            state.status.fault = nil
            state.status.failuresInARow = 0
            if isComplete { state.status.completeAt = now }
        }
        if was.fault != nil { telemetry.emit(ShippingRecovered(failures: was.failuresInARow)) }
    }

    /// Returns the number of failures in a row.
    private func fail(_ fault: BucketFault) -> Int {
        let (was, failures) = state.withLock { state in
            defer { state.status.fault = fault }
            state.status.failuresInARow += 1
            return (state.status.fault, state.status.failuresInARow)
        }
        telemetry.emit(ShippingFailed(fault: fault, isNew: was?.words != fault.words))
        return failures
    }
}
