/// Where the good lines of a segment that isn't sealed end, found from its back: all groups
/// before the last good one need not be read for that.
enum PlainTail {
    /// What `PlainScan` calls `end`; nil where only such a scan can tell.
    ///
    /// - Parameter number: By the segment's header.
    static func end(
        of file: LogFile, files: any LogFileSystem, number: UInt64
    ) throws(SystemFault) -> UInt64? {
        let size = try files.facts(file).bytes
        var length = 1 << 20
        while true {
            let start = max(0, size - length)
            let bytes = try files.read(file, at: start, count: size - start)
            // Shorter than it was: cut or replaced in this moment.
            guard bytes.count == size - start else { return nil }
            let found = bytes.withUnsafeBytes { bytes in
                end(in: bytes, isWhole: start == 0, number: number)
            }
            if let found { return found }
            if start == 0 || length > GroupReader.longestGroup { return nil }
            length *= 4
        }
    }

    /// The end by the last good commit line whose group is all in `bytes`.
    private static func end(
        in bytes: UnsafeRawBufferPointer, isWhole: Bool, number: UInt64
    ) -> UInt64? {
        let commits = commitLines(in: bytes)
        for (i, line) in commits.enumerated().reversed() {
            if i == 0 && !isWhole { return nil }
            // By its own length: the commit line before may be damaged.
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

    /// Ascending, without their newlines; one that has none is torn.
    private static func commitLines(in bytes: UnsafeRawBufferPointer) -> [Range<Int>] {
        var lines: [Range<Int>] = []
        var at = 0
        while let place = bytes.first(CommitLine.prefix, from: at),
            let newline = bytes.firstNewline(from: place)
        {
            at = newline + 1
            // Inside a line it is somebody's text. What precedes the first byte is not known, or
            // nothing: a line that only seems to begin there fails its checksum.
            if place == 0 || bytes[place - 1] == UInt8(ascii: "\n") {
                lines.append(place..<newline)
            }
        }
        return lines
    }
}
