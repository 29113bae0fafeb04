/// The state of a reader's archives between its reads: the plan of the current archive, the member
/// that was read last, and how many members are worth decompressing at once.
struct ArchiveCursor: Sendable {
    private var plan: (segment: UInt64, query: EventLogQuery, plan: SegmentPlan)?
    private var member: (segment: UInt64, start: UInt64, selection: MemberSelection)?
    private var ahead = ArchivesAhead()
    /// Number of members to decompress next.
    private(set) var width = 1
    /// Maximum of `width`.
    private let widest: Int
    private let queries: QueryGuard?
    /// Number of members that were decompressed.
    private(set) var inflated = 0

    init(widest: Int, guardedBy queries: QueryGuard?) {
        self.widest = widest
        self.queries = queries
    }

    /// Returns which members of an archive a query needs.
    ///
    /// - Parameter segments: Those of the folder; the archives after this one are prepared.
    mutating func plan(
        _ query: EventLogQuery, for archive: Archive, among segments: [LogFolder.Segment]
    ) throws(SystemFault) -> SegmentPlan {
        let number = archive.name.number
        if let plan, plan.segment == number, plan.query == query { return plan.plan }
        if member?.segment != number || plan?.query != query { member = nil }
        ahead.look(
            query, from: number, among: segments, in: archive.folder, guardedBy: queries)
        let made: SegmentPlan
        if let known = ahead.plan(for: number) {
            made = known
        } else {
            made = try archive.plan(query)
        }
        plan = (number, query, made)
        return made
    }

    /// Returns the selections of members; does not decompress again the member that was kept last.
    mutating func select(
        _ query: EventLogQuery, from members: [SegmentIndex.Member], of archive: Archive
    ) throws(SystemFault) -> [MemberSelection?] {
        if let first = members.first, let member, member.segment == archive.name.number,
            member.start == first.start
        {
            let rest = Array(members.dropFirst())
            inflated += rest.count
            return [member.selection]
                + (try archive.select(query, from: rest))
        }
        inflated += members.count
        if let known = ahead.selections(of: members, in: archive.name.number) { return known }
        return try archive.select(query, from: members)
    }

    /// Keeps the selection of the member that is read now: the next read may continue within it.
    mutating func keep(
        _ selection: MemberSelection, of member: SegmentIndex.Member, in segment: UInt64
    ) {
        self.member = (segment, member.start, selection)
    }

    /// If few lines match, more members can be decompressed at once without holding many lines.
    mutating func endGroup(of members: Int, found lines: Int) {
        width = lines < 64 * members ? min(width * 2, widest) : 2
    }

    mutating func endArchive(foundAny: Bool) { ahead.note(foundAny) }
}
