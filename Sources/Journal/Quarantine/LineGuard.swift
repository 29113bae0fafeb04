public import Events
import Synchronization

/// Keeps one reader of the log from ending the process for good.
///
/// A line that was accepted may still end the process that reads it: a trap, a loop that a
/// watchdog kills, memory without end. The reader's place has not moved, so each restart reads
/// the same line. So each reader notes what it is about to read:
///
/// 1. Every `stride` lines one note: "these lines are being read". It is closed when the read
///    is over, so a process that ends between reads leaves none open.
/// 2. A start that finds a note open suspects those lines. They are read again one by one, each
///    noted alone, with its checksum. So the second crash names the line.
/// 3. A line that was being read alone when `deathsAlone` processes ended, and was never read
///    to its end in between, is set aside: see `Quarantine`. It is skipped from then on.
///
/// Why a sound line is not set aside by kills at random moments (SIGKILL, the OOM killer, a
/// crash of another part): a sound line is cleared of suspicion as soon as it was read once
/// without harm. To be set aside, it would have to be hit by `deathsAlone` kills in the few
/// microseconds that its reading takes, each time before it was read once. A process that dies
/// of something else at the same moment of each life would come close to that; so a reader with
/// a line under suspicion first waits for a random part of a second (`pause`).
///
/// The same holds for what is done with many lines together, such as a digest (`admits(_:of:)`):
/// each step is noted alone from the first.
///
/// Lines are named by the place after them and a CRC-32, so nothing is skipped that is not the
/// same line. Thread-safe; reads of one guard exclude each other.
public final class LineGuard: Sendable {
    /// Lines between two notes.
    static let stride: UInt32 = 256
    /// How many processes a line must have ended while it was read alone.
    static let deathsAlone: UInt32 = 3
    private static let longestPause = 1000

    let reader: LineReader
    private let quarantine: Quarantine
    private let file: NoteFile
    private let state: Mutex<State>

    fileprivate struct State {
        var note: ReadingNote
        /// Lines until the next note of several.
        var left: UInt32 = 0
        /// Whether the file says that something is open.
        var isOpen = false
        /// Lines that are skipped: their checksums by the places after them.
        var skipped: [LogPosition: UInt32]
        var lastSkipped: LogPosition?
    }

    init(_ reader: LineReader, _ quarantine: Quarantine, note path: String) {
        self.reader = reader
        self.quarantine = quarantine
        file = NoteFile(path)
        var note = file.read()
        if note.open != nil {
            note.countDeath()
            file.write(note)
        }
        let skipped = quarantine.skipped(by: reader)
        state = Mutex(State(note: note, skipped: skipped, lastSkipped: skipped.keys.max()))
    }

    /// Whether lines that were being read when a process ended are still to be read.
    public var isSuspicious: Bool { state.withLock { !$0.note.suspects.isEmpty } }

    /// Returns after a random part of a second when a single line is under suspicion, else at
    /// once: what ends the process at its own time then hits another moment of the reading.
    public func pause(_ clock: any Clock<Duration>) async {
        guard state.withLock({ $0.note.suspects.contains { $0.kind == .line } }) else { return }
        try? await clock.sleep(for: .milliseconds(Int.random(in: 0...Self.longestPause)))
    }

    /// Calls `body`, which asks for each line before it reads it, or each step of other work
    /// before it does it.
    public func reading<Result, Fault: Error>(
        _ body: (inout Reading) throws(Fault) -> Result
    ) throws(Fault) -> Result {
        try state.withLock { state throws(Fault) in
            var reading = Reading(state: state, owner: self)
            defer {
                reading.end()
                state = reading.state
            }
            return try body(&reading)
        }
    }

    /// Folds each of `lines` that is not skipped into `start`, away from the cooperative pool.
    public func fold<Value: Sendable>(
        _ lines: [JournalLine], into start: Value,
        _ fold: @escaping @Sendable (inout Value, JournalLine) -> Void
    ) async -> Value {
        guard !lines.isEmpty else { return start }
        return await BlockingWork.run {
            self.reading { reading in
                var value = start
                for line in lines where reading.admits(line) { fold(&value, line) }
                return value
            }
        }
    }

    /// One read under way.
    public struct Reading {
        fileprivate var state: State
        fileprivate let owner: LineGuard

        /// Whether to read the line that ends at `end`: false when it is set aside. The line
        /// before it was read to its end.
        mutating func admits(_ line: UnsafeRawBufferPointer, endingAt end: LogPosition) -> Bool {
            let isCalm =
                !state.note.suspectsLines && (state.lastSkipped.map { $0 < end } ?? true)
            if isCalm {
                noteStride(from: end)
            } else {
                guard admitsWithCare(line, endingAt: end) else { return false }
            }
            owner.quarantine.examine?(owner.reader, line)
            return true
        }

        fileprivate mutating func admits(_ line: JournalLine) -> Bool {
            line.bytes.withUnsafeBytes { admits($0, endingAt: line.end) }
        }

        /// Notes that all lines that end in `from...to` are read together; false when one of
        /// them is suspected or skipped: then they are to be read one by one.
        mutating func admits(from: LogPosition, to: LogPosition, lines: Int) -> Bool {
            clearBefore()
            guard !state.note.hasSuspects(upTo: to),
                !state.skipped.keys.contains(where: { $0 >= from && $0 <= to })
            else { return false }
            note(
                ReadingNote.Stretch(
                    kind: .several, from: from, lines: max(1, UInt32(clamping: lines))))
            state.left = 0
            return true
        }

        private mutating func admitsWithCare(
            _ line: UnsafeRawBufferPointer, endingAt end: LogPosition
        ) -> Bool {
            clearBefore()
            if let checksum = state.skipped[end], checksum == Checksum.crc32(line) { return false }
            if let suspect = state.note.line(endingAt: end) {
                let checksum = Checksum.crc32(line)
                guard suspect.checksum == checksum else {
                    // Another log at the same place.
                    state.note.clear(lineEndingAt: end)
                    return admitsWithCare(line, endingAt: end)
                }
                noteAlone(end, checksum)
                if suspect.deaths >= LineGuard.deathsAlone {
                    setAside(line, endingAt: end, checksum, deaths: suspect.deaths)
                    return false
                }
                return true
            }
            if state.note.isWithinSuspects(end) {
                noteAlone(end, Checksum.crc32(line))
                return true
            }
            state.note.dropLines(before: end)
            noteStride(from: end)
            return true
        }

        /// What was noted alone was done to its end.
        private mutating func clearBefore() {
            guard let open = state.note.open, open.kind != .several else { return }
            state.note.open = nil
            if open.kind == .line {
                state.note.clear(lineEndingAt: open.from)
            } else {
                state.note.clear(work: open.checksum)
            }
        }

        /// Whether to do `step` of the work on what the group `key` holds: false when that ended
        /// `deathsAlone` processes and was never done in between; reported then, and allowed
        /// again from then on. The work before it is done.
        public mutating func admits(
            _ step: String, of key: String, naming names: QuarantinedLine.Names, at end: LogPosition
        ) -> Bool {
            clearBefore()
            state.left = 0
            let name = Array("\(step) \(key)".utf8)
            return name.withUnsafeBytes { name in
                let checksum = Checksum.crc32(name)
                let deaths = state.note.work(checksum)?.deaths ?? 0
                if deaths >= LineGuard.deathsAlone {
                    state.note.clear(work: checksum)
                    owner.quarantine.setAside(
                        QuarantinedLine(
                            reader: owner.reader, end: end, checksum: checksum,
                            crashes: Int(clamping: deaths), names: names), name)
                    return false
                }
                note(
                    ReadingNote.Stretch(
                        kind: .work, from: .start, lines: 1, checksum: checksum))
                owner.quarantine.examine?(owner.reader, name)
                return true
            }
        }

        private mutating func setAside(
            _ line: UnsafeRawBufferPointer, endingAt end: LogPosition, _ checksum: UInt32,
            deaths: UInt32
        ) {
            // The note is open: a line that ends the process while its names are read is set
            // aside by the next start without them.
            let names = deaths == LineGuard.deathsAlone ? QuarantinedLine.Names(line) : nil
            owner.quarantine.setAside(
                QuarantinedLine(
                    reader: owner.reader, end: end, checksum: checksum,
                    // The first crash is that of the stretch, before the line was alone.
                    crashes: Int(clamping: deaths) + 1, names: names), line)
            state.skipped[end] = checksum
            state.lastSkipped = max(state.lastSkipped ?? end, end)
        }

        private mutating func noteAlone(_ end: LogPosition, _ checksum: UInt32) {
            state.left = 0
            note(ReadingNote.Stretch(kind: .line, from: end, lines: 1, checksum: checksum))
        }

        @inline(__always)
        private mutating func noteStride(from end: LogPosition) {
            if state.left == 0 {
                state.left = LineGuard.stride
                note(ReadingNote.Stretch(kind: .several, from: end, lines: LineGuard.stride))
            }
            state.left -= 1
        }

        private mutating func note(_ stretch: ReadingNote.Stretch) {
            state.note.open = stretch
            state.isOpen = true
            owner.file.write(state.note)
        }

        /// All that was admitted was read to its end.
        fileprivate mutating func end() {
            clearBefore()
            state.note.open = nil
            state.left = 0
            guard state.isOpen else { return }
            state.isOpen = false
            owner.file.write(state.note)
        }
    }
}
