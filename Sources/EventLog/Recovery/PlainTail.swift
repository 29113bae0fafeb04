/// Finds the end of the valid lines of an unsealed segment by reading backwards.
///
/// Avoids reading the groups before the last valid one.
enum PlainTail {
    /// Returns the same offset as `PlainScan.end`; nil if only a full scan can determine it.
    ///
    /// - Parameter number: The segment's number, from its header.
    static func end(
        of file: LogFile, files: any LogFileSystem, number: UInt64
    ) throws(SystemFault) -> UInt64? {
        let size = try files.facts(file).bytes
        var length = 1 << 20
        while true {
            let start = max(0, size - length)
            let bytes = try files.read(file, at: start, count: size - start)
            // Fewer bytes than the size: the file was truncated or replaced meanwhile.
            guard bytes.count == size - start else { return nil }
            let found = bytes.withUnsafeBytes { bytes in
                end(in: bytes, isWhole: start == 0, number: number)
            }
            if let found { return found }
            if start == 0 || length > GroupReader.longestGroup { return nil }
            length *= 4
        }
    }

    /// Returns the end from the last valid commit line whose group lies within `bytes`.
    private static func end(
        in bytes: UnsafeRawBufferPointer, isWhole: Bool, number: UInt64
    ) -> UInt64? {
        let commits = commitLines(in: bytes)
        for (i, line) in commits.enumerated().reversed() {
            if i == 0 && !isWhole { return nil }
            // Uses the group's own length, because the preceding commit line may be damaged.
            guard let claim = CommitLine.Claim(UnsafeRawBufferPointer(rebasing: bytes[line])),
                claim.commit.segment == number
            else { continue }
            guard line.lowerBound >= claim.commit.bytes else {
                if isWhole { continue }
                return nil
            }
            let group = UnsafeRawBufferPointer(
                rebasing: bytes[line.lowerBound - claim.commit.bytes..<line.lowerBound])
            if claim.fits(Checksum.crc32(group)) { return claim.commit.end }
        }
        return nil
    }

    /// Ranges without newlines, ascending. A line without a newline is torn and not included.
    private static func commitLines(in bytes: UnsafeRawBufferPointer) -> [Range<Int>] {
        var lines: [Range<Int>] = []
        var at = 0
        while let place = bytes.first(CommitLine.prefix, from: at),
            let newline = bytes.firstNewline(from: place)
        {
            at = newline + 1
            // Within a line, the prefix is text of the event. The byte before the first is unknown
            // or absent; a false match there fails its checksum.
            if place == 0 || bytes[place - 1] == UInt8(ascii: "\n") {
                lines.append(place..<newline)
            }
        }
        return lines
    }
}
