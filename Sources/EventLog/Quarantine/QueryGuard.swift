import Core
import Events
import Synchronization

/// Prevents a line from crashing the process each time a query examines it. A verification, and the
/// making of a lost index, are queries here.
///
/// Does for queries what `LineGuard` does for the node's own readers. That one needs a reader
/// that goes forward; queries read any part of the log, several at a time, and examine different
/// lines of it. So each step of a query notes the whole stretch of the log that it examines:
///
/// 1. The note of a stretch is open while the stretch is examined. The bytes are read and
///    decompressed before, so that no query waits for another one's disk or bucket.
/// 2. A start that finds an open note suspects the stretch. Queries then examine its lines one
///    after another, with a note for each. So the second crash identifies the line.
/// 3. A line that `LineGuard.crashesAlone` processes were examining alone when they ended is
///    quarantined: no query examines it from then on.
///
/// Another query that examines a suspected line without harm proves nothing. Only the query that
/// was under way at the last crash clears it.
///
/// Thread-safe; one stretch is examined at a time, on all cores.
final class QueryGuard: Sendable {
    private let reader: LineReader
    private let quarantine: Quarantine
    private let file: NoteFile
    private let state: Mutex<State>
    /// Held while a stretch is examined.
    private let turn = Mutex(())

    private struct State {
        var note: ReadingNote
        /// The checksum of the query under way.
        var query: UInt32 = 0
        /// Checksums of the lines to skip, by the positions after them.
        var skipped: [LogPosition: UInt32]
    }

    init(_ reader: LineReader, _ quarantine: Quarantine, note path: String) {
        self.reader = reader
        self.quarantine = quarantine
        file = NoteFile(path)
        state = Mutex(State(note: file.readAtStart(), skipped: quarantine.skipped(by: reader)))
    }

    /// Examines the lines that end in `stretch`.
    ///
    /// - Parameters:
    ///   - query: Names what is examined for. The same text after a restart means the same query.
    ///   - isAlone: Whether to examine one line after another although none is suspected.
    ///   - body: Must call `admits` before it examines each line, and must not block. Returns
    ///     whether it examined all lines of the stretch.
    func examine(
        _ stretch: ClosedRange<LogPosition>, for query: String, isAlone: Bool = false,
        _ body: (Step) -> Bool
    ) {
        turn.withLock { _ in
            let isCareful = begin(stretch, for: Checksum.crc32(Array(query.utf8)), isAlone)
            let isWhole = body(Step(owner: self, isAlone: isCareful))
            end(stretch, isWhole: isCareful && isWhole)
        }
    }

    /// As `examine(_:for:isAlone:_:)`; without a guard, admits every line.
    static func examine(
        _ stretch: ClosedRange<LogPosition>, for query: String, guardedBy queries: QueryGuard?,
        _ body: (Step) -> Bool
    ) {
        guard let queries else {
            _ = body(Step(owner: nil, isAlone: false))
            return
        }
        queries.examine(stretch, for: query, body)
    }

    /// The examination of one stretch.
    struct Step: Sendable {
        fileprivate let owner: QueryGuard?
        /// Whether to examine one line after another, in order, and all of them: not in parallel,
        /// and without looking for candidates first.
        let isAlone: Bool

        /// Whether to examine the line that ends at `end`; false if it is quarantined.
        ///
        /// The call also means that the preceding line was examined.
        func admits(_ line: UnsafeRawBufferPointer, endingAt end: LogPosition) -> Bool {
            guard let owner else { return true }
            return owner.admits(line, endingAt: end, isAlone: isAlone)
        }

        /// As `ParallelWork.map`, but one after another if lines are examined alone.
        func map<T: Sendable>(_ count: Int, _ body: @Sendable (Int) -> T) -> [T] {
            isAlone ? (0..<count).map { body($0) } : ParallelWork.map(count, body)
        }
    }

    /// Returns whether to examine the lines alone.
    private func begin(
        _ stretch: ClosedRange<LogPosition>, for query: UInt32, _ isAlone: Bool
    ) -> Bool {
        state.withLock { state in
            state.query = query
            if isAlone || state.note.suspectsAny(in: stretch)
                || state.skipped.keys.contains(where: { stretch.contains($0) })
            {
                return true
            }
            state.note.open = ReadingNote.Stretch(
                kind: .stretch, from: stretch.lowerBound, lines: Self.bytes(of: stretch),
                checksum: query)
            file.write(state.note)
            return false
        }
    }

    /// The bytes between both ends, at least one; they belong to one segment.
    private static func bytes(of stretch: ClosedRange<LogPosition>) -> UInt32 {
        max(1, UInt32(clamping: stretch.upperBound.offset -| stretch.lowerBound.offset))
    }

    private func end(_ stretch: ClosedRange<LogPosition>, isWhole: Bool) {
        state.withLock { state in
            Self.clearBefore(&state)
            if isWhole { state.note.clear(stretchesIn: stretch, query: state.query) }
            state.note.open = nil
            file.write(state.note)
        }
    }

    /// Clears the suspicion of the line that was noted alone, which is now examined.
    private static func clearBefore(_ state: inout State) {
        guard let open = state.note.open, open.kind == .examined else { return }
        state.note.open = nil
        state.note.clear(examined: open)
    }

    private func admits(
        _ line: UnsafeRawBufferPointer, endingAt end: LogPosition, isAlone: Bool
    ) -> Bool {
        guard isAlone else {
            quarantine.examine?(reader, line)
            return true
        }
        let checksum = Checksum.crc32(line)
        let isAdmitted = state.withLock { state in
            Self.clearBefore(&state)
            if state.skipped[end] == checksum { return false }
            let open = ReadingNote.Stretch(
                kind: .examined, from: end, lines: max(1, state.query), checksum: checksum)
            let deaths = state.note.deaths(examining: open)
            state.note.open = open
            file.write(state.note)
            guard deaths >= LineGuard.crashesAlone else { return true }
            quarantine.setAside(
                line, endingAt: end, checksum, deaths: deaths, by: reader,
                closing: {
                    state.note.open = nil
                    file.write(state.note)
                })
            state.note.clear(examined: open, byAnyQuery: true)
            state.skipped[end] = checksum
            return false
        }
        if isAdmitted { quarantine.examine?(reader, line) }
        return isAdmitted
    }
}

extension EventLog {
    /// Calls `body` with a line that was found for a person, off the cooperative pool; returns nil
    /// if the line is quarantined.
    public func examine<Value: Sendable>(
        _ line: EventLogLine, by reader: LineReader,
        _ body: @escaping @Sendable (EventLogLine) -> Value
    ) async -> Value? {
        let queries = quarantine.queryGuard(of: reader)
        return await BlockingExecutor.log.run {
            var value: Value?
            queries.examine(line.end...line.end, for: reader.rawValue, isAlone: true) { step in
                if line.bytes.withUnsafeBytes({ step.admits($0, endingAt: line.end) }) {
                    value = body(line)
                }
                return true
            }
            return value
        }
    }
}
