import Events

/// Counts matching lines of an unsealed segment file, in pieces on all cores.
struct PlainCount: Sendable {
    let query: EventLogQuery
    let filter: LinePrefilter
    let path: FieldPath
    /// The memory for the values, about.
    let mostBytes: Int

    /// The result for the lines that start in one piece of the file.
    private struct Piece: Sendable {
        var tally: ValueTally
        /// Bytes of event lines.
        var logical: UInt64 = 0
    }

    /// Lines that start within this many bytes form one piece of work.
    private static let pieceBytes = 1 << 20
    /// Pieces that are read before the end is checked.
    private static let width = 64
    /// Pieces or members counted at once where the values of all of them must fit in memory.
    static let boundedWidth = 8

    /// Tallies the values in the first `end` bytes of event lines.
    func tally(
        _ file: LogFile, files: any LogFileSystem, end: UInt64
    ) throws(SystemFault) -> ValueTally {
        let size = try files.facts(file).bytes
        let count = (size +| (Self.pieceBytes - 1)) / Self.pieceBytes
        var whole = ValueTally(mostBytes: mostBytes)
        var logical: UInt64 = 0
        let width = mostBytes == .max ? Self.width : Self.boundedWidth
        for first in stride(from: 0, to: count, by: width) where logical < end && !whole.isOver {
            let pieces = ParallelWork.map(min(width, count - first)) { i in
                Result { () throws(SystemFault) in
                    try piece(first + i, of: file, files: files, limit: .max)
                }
            }
            for (i, result) in pieces.enumerated() where logical < end {
                var piece = try result.get()
                if logical + piece.logical > end {
                    // Lines after `end` are not acknowledged yet.
                    piece = try self.piece(
                        first + i, of: file, files: files, limit: end - logical)
                    logical = end
                }
                whole.add(piece.tally)
                logical += piece.logical
            }
        }
        return whole
    }

    /// - Parameter limit: The number of bytes of event lines to count.
    private func piece(
        _ number: Int, of file: LogFile, files: any LogFileSystem, limit: UInt64
    ) throws(SystemFault) -> Piece {
        let start = number * Self.pieceBytes
        // The preceding byte shows whether a line starts here. The last line may extend beyond.
        let lead = min(1, start)
        let bytes = try files.read(
            file, at: start - lead,
            count: lead + Self.pieceBytes + EventLogConfiguration.maxLineBytes + 1)
        return bytes.withUnsafeBytes { bytes in
            var found = Piece(tally: ValueTally(mostBytes: mostBytes))
            let low = lead == 0 ? 0 : bytes.firstNewline(from: 0).map { $0 + 1 } ?? bytes.count
            // Only whole lines that start before the next piece.
            let last = lead + Self.pieceBytes - 1
            let high =
                last < bytes.count
                ? bytes.firstNewline(from: last).map { $0 + 1 } ?? bytes.count : bytes.count
            guard low < high else { return found }
            let piece = PlainPiece(UnsafeRawBufferPointer(rebasing: bytes[low..<high]))
            found.logical = min(UInt64(piece.logical), limit)
            piece.forEachCandidate(filter) { range, end in
                guard UInt64(end) <= limit else { return false }
                let line = UnsafeRawBufferPointer(rebasing: piece.bytes[range])
                if !line.isFiller, query.matches(stored: line) { found.tally.note(path, in: line) }
                return true
            }
            return found
        }
    }
}
