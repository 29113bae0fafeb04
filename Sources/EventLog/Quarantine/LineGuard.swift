import Core
public import Events
import Synchronization

/// Prevents a line from crashing the process on every start.
///
/// An accepted line may still end the process that reads it: by a trap, an endless loop that a
/// watchdog kills, or unbounded memory. The reader's position does not advance, so each restart
/// reads the same line. Therefore each reader records what it is about to read:
///
/// 1. It writes one note for every `stride` lines. The note is closed at the end of the read, so
///    a process that ends between reads leaves none open.
/// 2. A start that finds an open note suspects its lines. It reads them one by one and writes a
///    note with a checksum for each. So the second crash identifies the line.
/// 3. A line that was being read alone when `crashesAlone` processes ended, and was never read to
///    its end in between, is quarantined: see `Quarantine`. The reader skips it from then on.
///
/// Kills at random times (SIGKILL, the OOM killer, a crash of another component) do not
/// quarantine a harmless line. It is cleared as soon as it was read once, so `crashesAlone` kills
/// would have to happen during the few microseconds of its reading, each time before it was read
/// once. A process that always dies at the same time for another reason could come close to
/// that; so while a line is suspected, the reader first waits for a random part of a second
/// (`pause`).
///
/// Work on many lines together, such as a digest, is guarded in the same way (`admits(_:of:)`),
/// with a note for each step from the start.
///
/// A line is identified by the position after it and a CRC-32, so no other line is skipped.
/// Thread-safe; reads of one guard are serialized.
public final class LineGuard: Sendable {
    /// Lines between two notes.
    static let stride: UInt32 = 256
    /// How many processes a line must end while it is read alone before it is quarantined.
    static let crashesAlone: UInt32 = 3
    private static let longestPause = 1000

    let reader: LineReader
    private let quarantine: Quarantine
    private let file: NoteFile
    private let state: Mutex<State>

    fileprivate struct State {
        var note: ReadingNote
        /// Lines until the next note.
        var left: UInt32 = 0
        /// Whether the file contains an open note.
        var isOpen = false
        /// Checksums of the lines to skip, by the positions after them.
        var skipped: [LogPosition: UInt32]
        var lastSkipped: LogPosition?
    }

    init(_ reader: LineReader, _ quarantine: Quarantine, note path: String) {
        self.reader = reader
        self.quarantine = quarantine
        file = NoteFile(path)
        let skipped = quarantine.skipped(by: reader)
        state = Mutex(
            State(
                note: file.readAtStart(), skipped: skipped, lastSkipped: skipped.keys.max()))
    }

    /// Whether lines or work that may have ended a process are still suspected.
    public var isSuspicious: Bool { state.withLock { !$0.note.suspects.isEmpty } }

    /// Waits for a random part of a second if a single line is suspected.
    ///
    /// A process that dies at a fixed time for another reason then interrupts different lines.
    public func pause(_ clock: any Clock<Duration>) async {
        guard state.withLock({ $0.note.suspects.contains { $0.kind == .line } }) else { return }
        try? await clock.sleep(for: .milliseconds(Int.random(in: 0...Self.longestPause)))
    }

    /// Calls `body`, which must call `admits` before it reads each line or does each step of
    /// other work.
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

    /// Folds all of `lines` that are not skipped into `start`, off the cooperative pool.
    public func fold<Value: Sendable>(
        _ lines: [EventLogLine], into start: Value,
        _ fold: @escaping @Sendable (inout Value, EventLogLine) -> Void
    ) async -> Value {
        guard !lines.isEmpty else { return start }
        return await BlockingExecutor.log.run {
            self.reading { reading in
                var value = start
                for line in lines where reading.admits(line) { fold(&value, line) }
                return value
            }
        }
    }

    /// One read in progress.
    public struct Reading {
        fileprivate var state: State
        fileprivate let owner: LineGuard

        /// Whether to read the line that ends at `end`; false if it is quarantined.
        ///
        /// The call also means that the preceding line was read to its end.
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

        fileprivate mutating func admits(_ line: EventLogLine) -> Bool {
            line.bytes.withUnsafeBytes { admits($0, endingAt: line.end) }
        }

        /// Notes that all lines that end in `from...to` are read together.
        ///
        /// Returns false if a line up to `to` is suspected or one of these is skipped; the caller
        /// must then read them one by one.
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
                    // A different line at the same position: this is another log.
                    state.note.clear(lineEndingAt: end)
                    return admitsWithCare(line, endingAt: end)
                }
                noteAlone(end, checksum)
                if suspect.deaths >= LineGuard.crashesAlone {
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

        /// Clears the suspicion of the line or step that was noted alone, which is now complete.
        private mutating func clearBefore() {
            guard let open = state.note.open, open.kind != .several else { return }
            state.note.open = nil
            if open.kind == .line {
                state.note.clear(lineEndingAt: open.from)
            } else {
                state.note.clear(work: open.checksum)
            }
        }

        /// Whether to do `step` of the work on the group `key`.
        ///
        /// Returns false once if the step ended `crashesAlone` processes and was never completed in
        /// between. It is then reported, and permitted again. The call also means that the
        /// preceding step is complete.
        public mutating func admits(
            _ step: String, of key: String, naming names: QuarantinedLine.Names, at end: LogPosition
        ) -> Bool {
            clearBefore()
            state.left = 0
            let name = Array("\(step) \(key)".utf8)
            return name.withUnsafeBytes { name in
                let checksum = Checksum.crc32(name)
                let deaths = state.note.work(checksum)?.deaths ?? 0
                if deaths >= LineGuard.crashesAlone {
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
            owner.quarantine.setAside(
                line, endingAt: end, checksum, deaths: deaths, by: owner.reader
            ) {
                state.note.open = nil
                owner.file.write(state.note)
            }
            state.note.clear(lineEndingAt: end)
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

        /// Closes the note: everything that was admitted was read to its end.
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

extension Quarantine {
    /// Quarantines a line that was being read alone when `deaths` processes ended.
    ///
    /// - Parameter close: Closes the note, which is still open.
    func setAside(
        _ line: UnsafeRawBufferPointer, endingAt end: LogPosition, _ checksum: UInt32,
        deaths: UInt32, by reader: LineReader, closing close: () -> Void
    ) {
        // The note is open. If reading the names ends the process, the start after the next one
        // quarantines the line without them. One end may have another reason, such as a kill.
        let names = deaths <= LineGuard.crashesAlone + 1 ? QuarantinedLine.Names(line) : nil
        // The names are read: a kill while the line is saved is no evidence against them, and the
        // next start reads them again.
        close()
        setAside(
            QuarantinedLine(
                reader: reader, end: end, checksum: checksum,
                // Adds the first crash, which happened while several lines were read together.
                crashes: Int(clamping: deaths) + 1, names: names), line)
    }
}
