/// Whole lines of an unsealed segment: event lines and commit lines.
///
/// Records the ranges of commit lines, to map positions among the event lines without
/// reading every line.
struct PlainPiece {
    /// Ends with a newline unless it is empty.
    let bytes: UnsafeRawBufferPointer
    /// Ranges of the commit lines with their newlines, ascending.
    private let commits: [Range<Int>]
    /// Bytes of event lines.
    let logical: Int

    /// Takes the whole lines at the start of `bytes`, which must begin at a line.
    init(_ bytes: UnsafeRawBufferPointer) {
        let end = bytes.lineStart(of: bytes.count, notBefore: 0)
        let lines = UnsafeRawBufferPointer(rebasing: bytes[..<end])
        var commits: [Range<Int>] = []
        var logical = end
        var at = 0
        while let place = CommitLine.first(in: lines, from: at) {
            at = (lines.firstNewline(from: place) ?? end) + 1
            commits.append(place..<at)
            logical -= at - place
        }
        self.bytes = lines
        self.commits = commits
        self.logical = logical
    }

    /// Calls `body` for each event line in `bytes`, as `forEachCandidate` does, in one pass.
    ///
    /// - Returns: The bytes of event lines, and of all lines, up to the last visited line.
    static func forEachLine(
        in bytes: UnsafeRawBufferPointer, _ body: (_ line: Range<Int>, _ end: Int) -> Bool
    ) -> (logical: Int, physical: Int) {
        var start = 0
        var skipped = 0
        while let newline = bytes.firstNewline(from: start) {
            let after = newline + 1
            if CommitLine.isOne(UnsafeRawBufferPointer(rebasing: bytes[start..<newline])) {
                skipped += after - start
            } else if !body(start..<newline, after - skipped) {
                return (after - skipped, after)
            }
            start = after
        }
        return (start - skipped, start)
    }

    /// Calls `body` for each event line that passes `filter`, until `body` returns false.
    ///
    /// `line` excludes the newline. `end` is the number of bytes of event lines up to its end.
    func forEachCandidate(
        _ filter: LinePrefilter, _ body: (_ line: Range<Int>, _ end: Int) -> Bool
    ) {
        var passed = 0
        var skipped = 0
        filter.forEachCandidate(in: bytes) { range in
            while passed < commits.count, commits[passed].lowerBound < range.lowerBound {
                skipped += commits[passed].count
                passed += 1
            }
            if passed < commits.count, commits[passed].lowerBound == range.lowerBound {
                return true
            }
            return body(range, range.upperBound + 1 - skipped)
        }
    }
}

/// A place in an unsealed segment: the offset among its lines and the offset in its file.
struct PlainPlace: Sendable {
    var logical: UInt64
    var physical: Int
    /// The end of the checked groups; the place lies within them or at their end.
    var checked: (logical: UInt64, physical: Int)

    /// - Note: A group must start at the place.
    init(logical: UInt64, physical: Int) {
        self.logical = logical
        self.physical = physical
        checked = (logical, physical)
    }
}
