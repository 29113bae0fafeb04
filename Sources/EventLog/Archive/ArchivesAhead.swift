import Events

/// Plans of the next archives and their few matching members, prepared in parallel.
///
/// If most archives hold no match, reading them one after another would use one core only. Looks
/// further ahead as long as nothing is found. Keeps lines only of members with a match.
struct ArchivesAhead: Sendable {
    private struct Look: Sendable {
        let plan: SegmentPlan
        /// By the member's start; nil for a damaged member.
        let selections: [UInt64: MemberSelection?]
    }

    private var query: EventLogQuery?
    private var looks: [UInt64: Look] = [:]
    private var width = 1

    /// Maximum number of archives.
    static let widest = 16
    /// An archive with more candidate members is read when its turn comes.
    private static let mostCandidates = 4

    /// Records whether the archive just read had a matching line.
    mutating func note(_ found: Bool) { width = found ? 1 : min(width * 2, Self.widest) }

    /// Prepares segment `number` and those after it, unless that is done already.
    ///
    /// Skips archives that cannot be read; reading them in their turn throws the error.
    mutating func look(
        _ query: EventLogQuery, from number: UInt64, among segments: [LogFolder.Segment],
        in folder: LogFolder, guardedBy queries: QueryGuard?
    ) {
        if self.query != query {
            self.query = query
            looks = [:]
            width = 1
        }
        guard width > 1, !query.condition.isAll, looks[number] == nil else { return }
        let next = segments.filter { $0.sealed && $0.name.number >= number }.prefix(width)
        let names = next.map(\.name)
        let found = ParallelWork.map(names.count, waits: folder.files.isDistant) { i in
            Self.look(query, at: Archive(folder: folder, name: names[i], queries: queries))
        }
        looks = [:]
        for (name, look) in zip(names, found) { looks[name.number] = look }
    }

    private static func look(_ query: EventLogQuery, at archive: Archive) -> Look? {
        guard let plan = try? archive.plan(query) else { return nil }
        let members = plan.segment.members
        let candidates = members.indices.filter { plan.coverages[$0] != .none }
        guard candidates.count <= mostCandidates else { return Look(plan: plan, selections: [:]) }
        var selections: [UInt64: MemberSelection?] = [:]
        for place in candidates {
            let found = try? archive.select(query, from: [members[place]]).first
            guard let found else { return nil }
            selections[members[place].start] = .some(found)
        }
        return Look(plan: plan, selections: selections)
    }

    func plan(for number: UInt64) -> SegmentPlan? { looks[number]?.plan }

    /// The selections of all `members`; nil if that of any member is not prepared.
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
