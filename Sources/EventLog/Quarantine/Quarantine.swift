import Core
import Events
import JSON
import Synchronization
import Telemetry

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A reader of the log within its own node. The raw value appears in `log.quarantined`, in
/// metrics, and in file names.
public enum LineReader: String, Sendable, CaseIterable {
    /// Recovery, when the log is opened.
    case recovery
    /// The index of a segment that is sealed.
    case sealing
    /// A gateway's attempts, read at its start.
    case attempts
    /// The digests.
    case digest
    /// The forwarder, which sends events to the notifier.
    case forward
    /// The status page.
    case page
    /// The ends of runs, which gateways poll.
    case runs
    /// The gateways that forward to this notifier, read at its start.
    case gateways
    /// The decisions of the node, read at its start.
    case decisions
    /// The conditions and counts of queries: `GET /v1/events`, and the node's own.
    case query
    /// The page of one verdict.
    case verdict
}

/// Called for each line that a reader is about to read. Only for tests, which end the process.
package typealias LineExamination = @Sendable (LineReader, UnsafeRawBufferPointer) -> Void

/// The lines of one log that readers skip because reading them ended the process.
///
/// Stored in `quarantine/` in the data folder:
///
///     <reader>.note   what the reader is currently reading: `ReadingNote`
///     skipped         which reader skips which line; replaced as a whole
///     lines.jsonl     the lines themselves, for operators; never read by the product
///
/// Thread-safe.
final class Quarantine: Sendable {
    private struct Entry: Sendable {
        let reader: LineReader
        let end: LogPosition
        let checksum: UInt32
        /// The event that reports it; empty once the log has stored it.
        var report: [UInt8]
    }

    private struct State {
        var entries: [Entry] = []
        var guards: [LineReader: LineGuard] = [:]
        var queryGuards: [LineReader: QueryGuard] = [:]
        var append: Append?
        /// Events that are being appended, as lines.
        var underWay: Set<[UInt8]> = []
    }

    private let folder: String
    private let node: String
    private let clock: WallClock
    private let telemetry: Telemetry
    /// Called for each line that a reader is about to read; nil outside tests.
    let examine: LineExamination?
    private let files = PosixFileSystem()
    private let state: Mutex<State>

    private static let linesFile = "lines.jsonl"
    /// The maximum size of `lines.jsonl`; further lines are counted but not saved.
    private static let mostBytes = 4 << 20
    /// The maximum of skipped lines; the oldest is dropped and read again after a restart.
    private static let mostEntries = 1024

    init(
        below directory: String, node: String, clock: WallClock, telemetry: Telemetry,
        examine: LineExamination? = nil
    ) {
        folder = directory + "/quarantine"
        self.node = node
        self.clock = clock
        self.telemetry = telemetry
        self.examine = examine
        try? files.makeFolder(folder)
        let entries = Self.load(folder + "/skipped", files)
        state = Mutex(State(entries: entries))
        let counts = Dictionary(entries.map { ($0.reader, 1.0) }, uniquingKeysWith: +)
        LineQuarantined.countUnkept(0, in: telemetry.registry)
        for reader in LineReader.allCases {
            LineQuarantined.count(counts[reader] ?? 0, reader: reader, in: telemetry.registry)
        }
    }

    /// Returns the guard of a reader, always the same one.
    func lineGuard(of reader: LineReader) -> LineGuard {
        if let known = state.withLock({ $0.guards[reader] }) { return known }
        // Created outside the lock, because `LineGuard.init` calls `skipped(by:)`.
        let made = LineGuard(
            reader, self, note: folder + "/\(reader.rawValue).note")
        return state.withLock { state in
            if let known = state.guards[reader] { return known }
            state.guards[reader] = made
            return made
        }
    }

    /// As `lineGuard(of:)`, for a reader that reads in any order.
    func queryGuard(of reader: LineReader) -> QueryGuard {
        if let known = state.withLock({ $0.queryGuards[reader] }) { return known }
        // Created outside the lock, because `QueryGuard.init` calls `skipped(by:)`.
        let made = QueryGuard(reader, self, note: folder + "/\(reader.rawValue).note")
        return state.withLock { state in
            if let known = state.queryGuards[reader] { return known }
            state.queryGuards[reader] = made
            return made
        }
    }

    /// As `skipped(by:)`, from the files of a data folder.
    static func skipped(below directory: String, by reader: LineReader) -> [LogPosition: UInt32] {
        let entries = load(directory + "/quarantine/skipped", PosixFileSystem())
        return Dictionary(
            entries.filter { $0.reader == reader }.map { ($0.end, $0.checksum) },
            uniquingKeysWith: { $1 })
    }

    /// Returns the lines that `reader` skips: checksums by the positions after the lines.
    func skipped(by reader: LineReader) -> [LogPosition: UInt32] {
        let mine = state.withLock { $0.entries.filter { $0.reader == reader } }
        return Dictionary(mine.map { ($0.end, $0.checksum) }, uniquingKeysWith: { $1 })
    }

    /// Drops lines of segments before `oldest`, which are no longer in the log, if reported.
    func forget(before oldest: UInt64) {
        state.withLock { $0.entries.removeAll { $0.end.segment < oldest && $0.report.isEmpty } }
    }

    /// Saves `line`, makes its skipping durable, and reports it.
    func setAside(_ quarantined: QuarantinedLine, _ line: UnsafeRawBufferPointer) {
        let now = clock.now
        let isKept = keep(quarantined, line, at: now)
        let event = quarantined.event(
            node: node, at: now, line: line, keptIn: isKept ? "quarantine/\(Self.linesFile)" : nil)
        state.withLock { state in
            if state.entries.count >= Self.mostEntries { state.entries.removeFirst() }
            state.entries.append(
                Entry(
                    reader: quarantined.reader, end: quarantined.end,
                    checksum: quarantined.checksum, report: event.line))
            save(state.entries)
        }
        telemetry.emit(
            LineQuarantined(
                line: quarantined, isKept: isKept, path: folder + "/" + Self.linesFile))
        report()
    }

    // MARK: - Reports

    /// Appends an event's line to the log, and reports whether the log contains it.
    typealias Append = @Sendable (_ event: [UInt8], @escaping @Sendable (Bool) -> Void) -> Void

    /// Reports through `append` from now on, starting with reports left by earlier processes.
    func report(through append: @escaping Append) {
        state.withLock { $0.append = append }
        report()
    }

    /// Appends each event that the log does not contain yet.
    func report() {
        let work = state.withLock { state -> (append: Append, due: [[UInt8]])? in
            guard let append = state.append else { return nil }
            let due = state.entries.map(\.report).filter {
                !$0.isEmpty && !state.underWay.contains($0)
            }
            state.underWay.formUnion(due)
            return (append, due)
        }
        guard let work else { return }
        for event in work.due {
            work.append(event) { isHeld in
                // Not on the calling thread, which is the log's writer.
                BlockingExecutor.log.start { self.settle(event, isHeld: isHeld) }
            }
        }
    }

    private func settle(_ event: [UInt8], isHeld: Bool) {
        state.withLock { state in
            state.underWay.remove(event)
            guard isHeld else { return }
            for i in state.entries.indices where state.entries[i].report == event {
                state.entries[i].report = []
            }
            save(state.entries)
        }
    }

    // MARK: - Files

    /// Appends the line with its position to `lines.jsonl`; returns false if that is full or
    /// cannot be written.
    private func keep(
        _ quarantined: QuarantinedLine, _ line: UnsafeRawBufferPointer, at now: Timestamp
    ) -> Bool {
        let file = open(
            folder + "/" + Self.linesFile, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { return false }
        defer { _ = close(file) }
        var writer = JSONWriter(capacity: line.count + 256)
        writer.object { w in
            w.member("at", now.rfc3339)
            w.member("reader", quarantined.reader.rawValue)
            w.member("position", quarantined.end.description)
            w.member("crashes", quarantined.crashes)
            w.member("line", String(decoding: line, as: UTF8.self))
        }
        let bytes = writer.bytes + [UInt8(ascii: "\n")]
        var facts = stat()
        guard fstat(file, &facts) == 0, Int(facts.st_size) +| bytes.count <= Self.mostBytes
        else { return false }
        return write(file, bytes, bytes.count) == bytes.count && fsync(file) == 0
    }

    private static let magic: UInt64 = 0x3150_494B_534C_5742  // "BWLSKIP1", little-endian

    private func save(_ entries: [Entry]) {
        var out = ByteWriter()
        out.write(Self.magic)
        out.write(UInt64(entries.count))
        for entry in entries {
            out.write(Array(entry.reader.rawValue.utf8))
            out.write(entry.end.segment)
            out.write(entry.end.offset)
            out.write(entry.checksum)
            out.write(entry.report)
        }
        do throws(SystemFault) {
            try files.replace(folder + "/skipped", in: folder, with: out.sealed())
        } catch {
            telemetry.emit(QuarantineUnwritten(fault: error))
        }
    }

    /// Loads the entries. None if the file is missing or corrupt: the lines are then detected
    /// again.
    private static func load(_ path: String, _ files: PosixFileSystem) -> [Entry] {
        guard let bytes = try? files.contents(path), var input = ByteReader(sealed: bytes),
            input.read() == magic, let count = input.read()
        else { return [] }
        var entries: [Entry] = []
        for _ in 0..<min(count, UInt64(mostEntries)) {
            guard let reader = input.readText(), let segment = input.read(),
                let offset = input.read(), let checksum = input.readShort(),
                let report = input.readText()
            else { return [] }
            // A reader that only a later version has.
            guard let reader = LineReader(rawValue: String(decoding: reader, as: UTF8.self))
            else { continue }
            entries.append(
                Entry(
                    reader: reader, end: LogPosition(segment: segment, offset: offset),
                    checksum: checksum,
                    report: report))
        }
        return entries
    }
}
