/// Whole lines of a plain segment, event lines among commit lines.
///
/// Knows where the commit lines are, so that places among the event lines can be
/// told without looking at every one of them.
struct PlainPiece {
    /// Ends with a newline, unless empty.
    let bytes: UnsafeRawBufferPointer
    /// Commit lines with their newlines, ascending.
    private let commits: [Range<Int>]
    /// Bytes of event lines.
    let logical: Int

    /// The whole lines at the start of `bytes`, which begin with a line.
    init(_ bytes: UnsafeRawBufferPointer) {
        let end = bytes.lineStart(of: bytes.count, notBefore: 0)
        let lines = UnsafeRawBufferPointer(rebasing: bytes[..<end])
        var commits: [Range<Int>] = []
        var logical = end
        var at = 0
        while let place = lines.first(CommitLine.prefix, from: at) {
            at = (lines.firstNewline(from: place) ?? end) + 1
            // Inside a line it is somebody's text.
            guard place == 0 || lines[place - 1] == UInt8(ascii: "\n") else { continue }
            commits.append(place..<at)
            logical -= at - place
        }
        self.bytes = lines
        self.commits = commits
        self.logical = logical
    }

    /// Calls `body` for each event line in `bytes`, as `forEachCandidate` does, in one pass;
    /// returns how many bytes of event lines, and of all lines, were passed.
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

    /// Calls `body` for each event line that `filter` lets through, without its
    /// newline, with how many bytes of event lines end there, until it answers false.
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
