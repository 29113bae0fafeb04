/// Plans of the archives that come next, and what their few candidates hold, made side
/// by side: where most archives have nothing, one after another would keep one core.
///
/// Looks further as long as nothing is found. Holds lines of what was found only.
struct ArchivesAhead: Sendable {
    private struct Look: Sendable {
        let plan: SegmentPlan
        /// By the member's start; nil for one that is damaged.
        let selections: [UInt64: MemberSelection?]
    }

    private var query: JournalQuery?
    private var looks: [UInt64: Look] = [:]
    private var width = 1

    /// How many archives at most.
    static let widest = 16
    /// An archive with more candidates is left to be read when it is its turn.
    private static let mostCandidates = 4

    /// Whether the archive that was read had a wanted line.
    mutating func note(_ found: Bool) { width = found ? 1 : min(width * 2, Self.widest) }

    /// Looks at segment `number` and those after it, unless that was done. What can't be
    /// read is left out: its turn tells why.
    mutating func look(
        _ query: JournalQuery, from number: UInt64, among segments: [LogFolder.Segment],
        in folder: LogFolder
    ) {
        if self.query != query {
            self.query = query
            looks = [:]
            width = 1
        }
        guard width > 1, !query.condition.terms.isEmpty, looks[number] == nil else { return }
        let next = segments.filter { $0.sealed && $0.name.number >= number }.prefix(width)
        let names = next.map(\.name)
        let found = ParallelWork.map(names.count) { i in
            Self.look(query, at: Archive(folder: folder, name: names[i]))
        }
        looks = [:]
        for (name, look) in zip(names, found) { looks[name.number] = look }
    }

    private static func look(_ query: JournalQuery, at archive: Archive) -> Look? {
        guard let plan = try? archive.plan(query) else { return nil }
        let members = plan.segment.members
        let candidates = members.indices.filter { plan.shares[$0] != .none }
        guard candidates.count <= mostCandidates else { return Look(plan: plan, selections: [:]) }
        var selections: [UInt64: MemberSelection?] = [:]
        for place in candidates {
            guard let found = try? archive.select(query, from: [members[place]]).first else {
                return nil
            }
            selections[members[place].start] = .some(found)
        }
        return Look(plan: plan, selections: selections)
    }

    func plan(for number: UInt64) -> SegmentPlan? { looks[number]?.plan }

    /// What all of `members` hold; nil when that of one of them is not known.
    func selections(
        of members: [SegmentIndex.Member], in number: UInt64
    ) -> [MemberSelection?]? {
        guard let look = looks[number], !members.isEmpty else { return nil }
        var selections: [MemberSelection?] = []
        for member in members {
            guard let selection = look.selections[member.start] else { return nil }
            selections.append(selection)
        }
        return selections
    }
}
