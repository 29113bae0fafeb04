import Core
import Dispatch
import Events
import Synchronization
import Telemetry

/// Compresses closed segments in the order of their numbers, on its own low-priority thread.
///
/// Thread-safe.
final class Sealer: Sendable {
    private struct Job: Sendable {
        let name: SegmentName
        /// Bytes of event lines; bytes after them were never acknowledged.
        let end: UInt64
        /// The number of lines; nil if not known.
        let lines: Int?
    }

    private struct State {
        var waiting: [Job] = []
        /// The dedup index at the end of the newest closed segment, until it is saved. Only one
        /// copy is kept, however many segments wait.
        var newest: (marks: DedupIndex, covering: UInt64)?
        var running = false
        var stopped = false
        /// Whether a job failed; jobs are paused until `retry`.
        var held = false
        var idle: [@Sendable () -> Void] = []
    }

    private let folder: LogFolder
    private let usage: DiskUsage
    private let logState: LogState
    private let telemetry: Telemetry
    private let lines: LineGuard
    private let state = Mutex(State())
    private let ready = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    init(
        folder: LogFolder, usage: DiskUsage, state: LogState, lines: LineGuard,
        telemetry: Telemetry
    ) {
        self.lines = lines
        self.folder = folder
        self.usage = usage
        logState = state
        self.telemetry = telemetry
    }

    /// Returns false if there is no thread for it.
    func start() -> Bool { DedicatedThread.start("log-sealer", priority: .low) { self.run() } }

    func seal(_ name: SegmentName, end: UInt64, lines: Int?, marks: DedupIndex?) {
        state.withLock { state in
            state.waiting.append(Job(name: name, end: end, lines: lines))
            if let marks { state.newest = (marks, name.number) }
        }
        ready.signal()
    }

    /// Starts no further job until `retry`.
    func hold() { state.withLock { $0.held = true } }

    /// Resumes after a failed job.
    func retry() {
        let held = state.withLock { state in
            defer { state.held = false }
            return state.held
        }
        if held { ready.signal() }
    }

    /// Calls `done` once no job waits, or the waiting jobs are paused.
    func whenIdle(_ done: @escaping @Sendable () -> Void) {
        let idle = state.withLock { state in
            if state.stopped || (!state.running && (state.waiting.isEmpty || state.held)) {
                return true
            }
            state.idle.append(done)
            return false
        }
        if idle { done() }
    }

    /// Cancels the current segment, which stays unsealed, and blocks until the thread ends.
    func stop() {
        state.withLock { $0.stopped = true }
        ready.signal()
        ended.wait()
    }

    private var isStopped: Bool { state.withLock { $0.stopped } }

    private func run() {
        let work = SegmentSealing(folder: folder)
        while true {
            let (job, backlog, idle, stopped) = state.withLock {
                state -> (Job?, Int, [@Sendable () -> Void], Bool) in
                guard !state.stopped, !state.held, let job = state.waiting.first else {
                    state.running = false
                    defer { state.idle = [] }
                    return (nil, 0, state.idle, state.stopped)
                }
                state.running = true
                return (job, state.waiting.count, [], false)
            }
            for done in idle { done() }
            if stopped { break }
            guard let job else {
                ready.wait()
                continue
            }
            telemetry.measuring(.sealing) { perform(job, backlog: backlog, with: work) }
        }
        ended.signal()
    }

    private func perform(_ job: Job, backlog: Int, with work: SegmentSealing) {
        let begun = ContinuousClock.now
        do throws(SystemFault) {
            // Higher compression levels only without a backlog: unsealed segments use up the quota.
            let level: Int32 = backlog <= 1 ? 6 : backlog == 2 ? 3 : 1
            saveMarks()
            let sealed = try work.seal(
                job.name, end: job.end, level: level, guardedBy: lines
            ) { self.isStopped }
            guard let sealed else { return }
            usage.add(sealed.archive)
            logState.forget(plain: job.name.number)
            reportLoss(of: job, sealed)
            telemetry.emit(
                SegmentSealed(
                    name: job.name.archive, lines: sealed.archive.lines,
                    plainBytes: Int(sealed.archive.end), packedBytes: sealed.packed,
                    seconds: (ContinuousClock.now - begun).inSeconds))
            state.withLock { _ = $0.waiting.removeFirst() }
        } catch {
            telemetry.emit(
                SealingFailed(
                    name: job.name.plain,
                    detail: "\(error.call) \(error.path): \(SystemFault.words(error.code))"))
            if error.isAbsence {
                // Another process removed the file; the writer detects and reports that. Retrying
                // cannot help.
                state.withLock { _ = $0.waiting.removeFirst() }
            } else {
                state.withLock { $0.held = true }
            }
        }
    }

    /// Saves the dedup index at the end of the last closed segment.
    ///
    /// A start then does not read the segments that wait to be sealed.
    private func saveMarks() {
        let newest = state.withLock { state in
            defer { state.newest = nil }
            return state.newest
        }
        guard let newest else { return }
        DedupIndexFile(folder: folder, usage: usage).save(newest.marks, covering: newest.covering)
    }

    /// Counts and reports the lines of a closed segment that were not sealed because its file
    /// is corrupt.
    private func reportLoss(of job: Job, _ sealed: SegmentSealing.Sealed) {
        guard let first = sealed.firstMissing else { return }
        let number = job.name.number
        let damage = LogDamage(
            file: job.name.plain, what: "groups of a closed segment are corrupt",
            missing: LogPosition(
                segment: number, offset: first)..<LogPosition(segment: number, offset: job.end),
            lines: job.lines.map { max(0, $0 - sealed.lines) }
                ?? (sealed.damagedLines > 0 ? sealed.damagedLines : nil))
        logState.report { $0.add(damage) }
        telemetry.emit(LogFilesTouched(damage: damage))
    }
}
