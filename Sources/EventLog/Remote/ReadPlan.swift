/// Decides which parts of a file one request each reads.
///
/// A request costs about as much time as the transfer of some hundred KiB, so that near parts are
/// read together with what is between them.
enum ReadPlan {
    /// Parts with at most this many bytes between them are read together.
    static let gap = 128 << 10
    /// The most requests for one file at a time.
    static let most = 3
    /// The most files of which parts are read at once.
    static let atOnce = 16
    /// The most bytes of one request.
    static let longest = 8 << 20
    /// The least bytes of an index that are read at once: most indexes are smaller.
    static let index = 128 << 10
    /// The bytes of an archive that are read at once if it is read from front to back.
    static let ahead = 4 << 20

    /// The ranges that cover `parts`, in order; none is empty.
    static func joined(_ parts: [Range<Int>]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        for part in parts.sorted(by: { $0.lowerBound < $1.lowerBound }) where !part.isEmpty {
            if let last = ranges.last, part.lowerBound - last.upperBound <= gap {
                ranges[ranges.count - 1] =
                    last.lowerBound..<max(last.upperBound, part.upperBound)
            } else {
                ranges.append(part)
            }
        }
        while ranges.count > most {
            let gaps = zip(ranges, ranges.dropFirst()).map { $1.lowerBound - $0.upperBound }
            guard let place = gaps.indices.min(by: { gaps[$0] < gaps[$1] }) else { break }
            ranges[place] = ranges[place].lowerBound..<ranges[place + 1].upperBound
            ranges.remove(at: place + 1)
        }
        return ranges.flatMap { range in
            stride(from: range.lowerBound, to: range.upperBound, by: longest).map {
                $0..<min($0 + longest, range.upperBound)
            }
        }
    }
}
