import Events

/// Makes the index of a segment from its members, in order. Not thread-safe.
struct IndexBuilder {
    private(set) var index: SegmentIndex
    private var census = FieldCensus()

    init(closedAt: Timestamp = Timestamp(milliseconds: 0)) {
        index = SegmentIndex(closedAt: closedAt)
    }

    /// What the lines of a member say of it, before it has a place in the archive.
    struct Survey {
        var lines = 0
        /// Lines that are no JSON objects: nobody stored them.
        var foreign = 0
        fileprivate var earliest = Int64.max
        fileprivate var latest = Int64.min
        fileprivate var isKnown = true
    }

    /// Looks at the lines of the next member; `add` follows.
    mutating func survey(_ plain: UnsafeRawBufferPointer) -> Survey {
        var survey = Survey()
        plain.forEachLine { line, _ in
            guard !line.isFiller else { return }
            survey.lines += 1
            if let scanned = try? ScannedLine(line, from: .log), census.note(line) {
                survey.earliest = min(survey.earliest, scanned.ts.milliseconds)
                survey.latest = max(survey.latest, scanned.ts.milliseconds)
            } else {
                survey.isKnown = false
                if !line.isObject { survey.foreign += 1 }
            }
        }
        return survey
    }

    /// - Parameter offset: Where it starts in the archive; nil: after the member before.
    mutating func add(_ survey: Survey, packed: Int, plain: Int, at offset: Int? = nil) {
        census.endMember()
        index.members.append(
            SegmentIndex.Member(
                offset: offset ?? index.packed, packed: packed, start: index.end, plain: plain,
                lines: survey.lines, earliest: min(survey.earliest, survey.latest),
                latest: max(survey.earliest, survey.latest), isKnown: survey.isKnown))
    }

    /// A member whose lines can't be read: it may hold anything. Bytes between it
    /// and the member before are of no use.
    mutating func addUnreadable(_ sizes: GzipMember.Sizes, at offset: Int) {
        census.endMember()
        index.members.append(
            SegmentIndex.Member(
                offset: offset, packed: sizes.packed, start: index.end, plain: sizes.plain,
                lines: sizes.lines, earliest: .min, latest: .max, isKnown: false,
                isUnreadable: true))
    }

    /// Bytes of the archive in which no member can be told.
    mutating func addHeadless(_ range: Range<Int>) {
        addUnreadable(
            GzipMember.Sizes(packed: range.count, plain: 1, lines: 1), at: range.lowerBound)
        index.members[index.members.count - 1].isHeadless = true
    }

    /// Bytes of the index file for an archive of `archiveBytes`. What it knows is cut to a share of
    /// them, the least useful first, so that the index stays small beside any lines.
    func encoded(archiveBytes: Int, closedAt: Timestamp) -> [UInt8] {
        var index = index
        index.closedAt = closedAt
        let budget =
            archiveBytes / Self.share + max(0, Self.least - archiveBytes / 200)
            - index.members.count * IndexLayout.memberBytes
        var blocks: [IndexLayout.Block] = []
        if census.deltas.isRegular {
            for metric in census.deltas.metrics {
                let name = Array("deltas.".utf8) + metric.name + Array(".value".utf8)
                blocks.append(IndexLayout.Block(range: name, metric.ranges))
            }
        }
        for field in census.fields {
            if field.hasDictionary {
                blocks.append(IndexLayout.Block(dictionary: field))
            } else if field.hasRange {
                blocks.append(IndexLayout.Block(range: field.key, field.ranges))
            }
        }
        blocks.sort { ($0.rank, $0.length) < ($1.rank, $1.length) }
        // Half for the ids, and what the fields leave: a member that is looked at in vain costs
        // more than a field's values that are counted from the lines.
        let idBits = census.idsAreRegular ? IdFilter.bits(census.ids, within: budget / 2) : 0
        var room = budget - (idBits > 0 ? budget / 2 : 0)
        let kept = blocks.compactMap { block -> IndexLayout.Block? in
            for block in [block, block.summarized] where block.length <= room {
                room -= block.length
                return block
            }
            return nil
        }
        let left = budget - kept.reduce(0) { $0 + $1.length }
        let filter =
            idBits > 0
            ? IdFilter(ids: census.ids, bits: IdFilter.bits(census.ids, within: left)) : nil
        let metrics = census.deltas.isRegular ? census.deltas.metrics.count : 0
        let complete = kept.count { $0.isDelta } == metrics
        return IndexLayout.encode(
            index, archiveBytes: archiveBytes, blocks: kept,
            knowsDeltas: census.deltas.isRegular && complete,
            filter: filter.map { ($0, $0.encoded(census.ids)) })
    }

    /// A part of the archive, and something more so that a small one can be asked too.
    private static let share = 16
    private static let least = 4096
}
