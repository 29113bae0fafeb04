import Events

/// Builds the index of a segment from its members, in order. Not thread-safe.
struct IndexBuilder {
    private(set) var index: SegmentIndex
    private var census = FieldCensus()

    init(closedAt: Timestamp = Timestamp(milliseconds: 0)) {
        index = SegmentIndex(closedAt: closedAt)
    }

    /// Statistics of a member's lines, collected before its archive offset is known.
    struct Survey {
        var lines = 0
        /// Lines that are not JSON objects; the log never stores such lines.
        var foreign = 0
        fileprivate var earliest = Int64.max
        fileprivate var latest = Int64.min
        fileprivate var isKnown = true
    }

    /// Whether to examine a line, given where it starts among the member's lines. A line that is
    /// not examined makes the member's fields unknown, so that queries read it.
    typealias Admission = (_ line: UnsafeRawBufferPointer, _ start: Int) -> Bool

    /// Examines the lines of the next member; `add` must follow.
    mutating func survey(
        _ plain: UnsafeRawBufferPointer, admits: Admission = { _, _ in true }
    ) -> Survey {
        var survey = Survey()
        plain.forEachLine { line, start in
            guard !line.isFiller else { return }
            survey.lines += 1
            guard admits(line, start) else {
                survey.isKnown = false
                return
            }
            let isObject = census.note(line)
            if isObject, let moment = census.moment {
                survey.earliest = min(survey.earliest, moment.milliseconds)
                survey.latest = max(survey.latest, moment.milliseconds)
            } else {
                survey.isKnown = false
                if !isObject { survey.foreign += 1 }
            }
        }
        return survey
    }

    /// - Parameter offset: Where it starts in the archive; nil: after the previous member.
    mutating func add(_ survey: Survey, packed: Int, plain: Int, at offset: Int? = nil) {
        census.endMember()
        index.members.append(
            SegmentIndex.Member(
                offset: offset ?? index.packed, packed: packed, start: index.end, plain: plain,
                lines: survey.lines, earliest: min(survey.earliest, survey.latest),
                latest: max(survey.earliest, survey.latest), isKnown: survey.isKnown))
    }

    /// Adds a member whose lines cannot be read, so that no query may exclude it.
    ///
    /// Bytes between it and the previous member are ignored.
    mutating func addUnreadable(_ sizes: GzipMember.Sizes, at offset: Int) {
        census.endMember()
        index.members.append(
            SegmentIndex.Member(
                offset: offset, packed: sizes.packed, start: index.end, plain: sizes.plain,
                lines: sizes.lines, earliest: .min, latest: .max, isKnown: false,
                isUnreadable: true))
    }

    /// Adds bytes of the archive in which no member was found.
    mutating func addHeadless(_ range: Range<Int>) {
        addUnreadable(
            GzipMember.Sizes(packed: range.count, plain: 1, lines: 1), at: range.lowerBound)
        index.members[index.members.count - 1].isHeadless = true
    }

    /// Encodes the index of an archive of `archiveBytes`.
    ///
    /// Drops the least useful blocks, so that the index stays small compared with the archive.
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
        // Ids get half of the budget and what the fields leave: decompressing a member in vain
        // costs more than counting a field's values from the lines.
        let idBits = census.idsAreRegular ? IdFilter.bits(census.ids, within: budget / 2) : 0
        var space = budget - (idBits > 0 ? budget / 2 : 0)
        let kept = blocks.compactMap { block -> IndexLayout.Block? in
            for block in [block, block.summarized] where block.length <= space {
                space -= block.length
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

    /// The budget is this part of the archive, plus `least` so that small archives have an index
    /// too.
    private static let share = 16
    private static let least = 4096
}
