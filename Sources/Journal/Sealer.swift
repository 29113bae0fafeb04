import Dispatch
import Events
import Synchronization
import Telemetry

/// Compresses closed segments in the order of their numbers, on a thread of its
/// own at low priority. Thread-safe.
final class Sealer: Sendable {
    private struct Job: Sendable {
        let name: SegmentName
        /// Bytes of lines; what follows was never acknowledged.
        let end: UInt64
        /// What the log held at the end of the segment; nil: not known any more.
        let marks: Marks?
    }

    private struct State {
        var waiting: [Job] = []
        var running = false
        var stopped = false
        /// A job failed: wait for `retry`.
        var held = false
        var idle: [@Sendable () -> Void] = []
    }

    private let folder: LogFolder
    private let ledger: Ledger
    private let logState: LogState
    private let telemetry: Telemetry
    private let state = Mutex(State())
    private let ready = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    init(folder: LogFolder, ledger: Ledger, state: LogState, telemetry: Telemetry) {
        self.folder = folder
        self.ledger = ledger
        logState = state
        self.telemetry = telemetry
    }

    func start() { JournalThread.start("log-sealer", .background) { self.run() } }

    func seal(_ name: SegmentName, end: UInt64, marks: Marks?) {
        state.withLock { $0.waiting.append(Job(name: name, end: end, marks: marks)) }
        ready.signal()
    }

    /// Takes a failed job up again.
    func retry() {
        let held = state.withLock { state in
            defer { state.held = false }
            return state.held
        }
        if held { ready.signal() }
    }

    /// Calls back once nothing waits or what waits has failed.
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

    /// Gives up the segment in work (it stays plain) and blocks until the thread ends.
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
            perform(job, backlog: backlog, with: work)
        }
        ended.signal()
    }

    private func perform(_ job: Job, backlog: Int, with work: SegmentSealing) {
        let begun = ContinuousClock.now
        do throws(SystemFault) {
            // The denser levels are for quiet times: a backlog eats the quota.
            let level: Int32 = backlog <= 1 ? 6 : backlog == 2 ? 3 : 1
            let sealed = try work.seal(job.name, end: job.end, level: level) { self.isStopped }
            guard let sealed else { return }
            if let marks = job.marks { save(marks, covering: job.name.number) }
            ledger.add(sealed.archive)
            logState.forget(plain: job.name.number)
            if sealed.damagedGroups > 0 {
                telemetry.emit(
                    DamageFound(
                        path: folder.file(job.name.plain),
                        what: "\(sealed.damagedGroups) groups not as written"))
            }
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
                // Somebody took the file away: trying again can't help.
                ledger.drop(plain: job.name.number)
                state.withLock { _ = $0.waiting.removeFirst() }
            } else {
                state.withLock { $0.held = true }
            }
        }
    }

    /// Without the file, opening the log reads the archives instead.
    private func save(_ marks: Marks, covering number: UInt64) {
        let bytes = marks.encoded(covering: number)
        let path = folder.file(SegmentName.marks)
        guard ledger.hasRoom(forSideFile: bytes.count) else {
            try? folder.files.remove(path)
            return
        }
        try? folder.files.replace(path, in: folder.path, with: bytes)
    }
}
