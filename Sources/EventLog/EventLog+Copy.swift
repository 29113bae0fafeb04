import Core
public import Events

/// Stores the lines of another copy of this log.
extension EventLog {
    /// Appends whole lines as they are, each with its newline, in one group.
    ///
    /// The lines were accepted once, so none counts as a duplicate and none is shed; lines that are
    /// sent again later are recognized. Returns the position after them once they are durable. If
    /// nothing else is appended and the copy lacks no line, lines have the positions of their
    /// originals.
    ///
    /// - Parameter start: Where the lines start in the log that they are of, all in one segment.
    ///   Segments end where those of the other log do.
    public func append(
        copy text: [UInt8], from start: LogPosition
    ) async throws(EventLogError) -> LogPosition {
        await goOn(inSegment: start.segment)
        let lines = await BlockingExecutor.log.run { Self.lines(ofCopy: text) }
        let result: Result<AppendOutcome, EventLogError> = await withCheckedContinuation {
            continuation in
            let request = AppendRequest(bytes: text, lines: lines, isCopy: true) {
                continuation.resume(returning: $0)
            }
            do throws(EventLogError) { try queue.submit(request) } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        return try result.get().end
    }

    /// Whether the log takes only lines of another copy; see `EventLogConfiguration.beginsAsCopy`.
    public var isCopy: Bool { queue.takesOnlyCopies }

    /// Takes lines of any kind from now on: this node continues the log.
    public func takeLines() { queue.takeAll() }

    /// Makes a segment of this number the open one, unless the open one has this number or a higher
    /// one.
    public func goOn(inSegment number: UInt64) async {
        guard number > head.segment else { return }
        await withCheckedContinuation { continuation in
            let chore = AppendQueue.Chore.begin(segment: number) { continuation.resume() }
            if !queue.submit(chore) { continuation.resume() }
        }
    }

    private static func lines(ofCopy text: [UInt8]) -> [AppendRequest.Line] {
        var lines: [AppendRequest.Line] = []
        text.withUnsafeBytes { bytes in
            bytes.forEachLine { line, start in
                guard !line.isBlank else { return }
                let scanned = try? ScannedLine(line, from: .log)
                lines.append(
                    AppendRequest.Line(
                        range: start..<(start + line.count), key: scanned?.key ?? .none,
                        kind: scanned?.kind ?? .failure))
            }
        }
        return lines
    }
}

/// The lock of a data folder, for work before the log is opened. Thread-safe.
public final class FolderLock: Sendable {
    private let lock: EventLogLock

    /// Blocks for at most a tenth of a second.
    ///
    /// - Throws: `locked` if another process has the folder.
    public init(_ directory: String) throws(EventLogError) {
        lock = try EventLogLock(directory: directory)
    }

    public func release() { lock.release() }
}
