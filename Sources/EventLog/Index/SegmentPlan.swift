import Events

/// What the index of a sealed segment implies for a query.
///
/// Determines which members need not be read and which match as a whole.
struct SegmentPlan: Sendable {
    /// How many lines of a set match.
    enum Coverage: Sendable {
        case none, some, all

        /// How many of the lines do not match.
        var negated: Coverage {
            switch self {
            case .none: .all
            case .some: .some
            case .all: .none
            }
        }

        func and(_ other: Coverage) -> Coverage {
            if self == .none || other == .none { return .none }
            return self == .all && other == .all ? .all : .some
        }

        func or(_ other: Coverage) -> Coverage { negated.and(other.negated).negated }

        init(_ matching: Int, of lines: Int) {
            self = matching <= 0 ? .none : matching >= lines ? .all : .some
        }
    }

    let segment: SegmentIndex
    let coverages: [Coverage]

    /// - Parameter file: nil if only the table of members is known.
    init(
        _ query: EventLogQuery, _ segment: SegmentIndex, _ file: IndexFile?
    ) throws(SystemFault) {
        self.segment = segment
        var coverages = segment.members.map {
            query.share(earliest: $0.earliest, latest: $0.latest)
        }
        if !query.condition.isAll {
            let found = try file?.coverages(of: query.condition.root, in: segment)
            for i in coverages.indices {
                let known = segment.members[i].isKnown ? found?[i] : nil
                coverages[i] = coverages[i].and(known ?? .some)
            }
        }
        self.coverages = coverages
    }

    /// Makes a plan that reads no member, without loading their table.
    init(nothingOf file: IndexFile) {
        segment = SegmentIndex(closedAt: file.closedAt)
        coverages = []
    }
}

extension EventLogQuery {
    func share(earliest: Int64, latest: Int64) -> SegmentPlan.Coverage {
        if !touches(earliest: earliest, latest: latest) { return .none }
        return covers(earliest: earliest, latest: latest) ? .all : .some
    }

    /// Returns how much of a whole segment matches, without its table of members.
    func share(of file: IndexFile) throws(SystemFault) -> SegmentPlan.Coverage {
        let share = share(earliest: file.earliest, latest: file.latest)
        return share == .none ? .none : share.and(try file.share(of: condition.root))
    }
}

extension IndexFile {
    /// Returns how much of the whole segment a part of a filter selects.
    func share(of node: Filter.Node) throws(SystemFault) -> SegmentPlan.Coverage {
        switch node {
        case .term(let term): return try share(of: term)
        case .not(let node): return try share(of: node).negated
        case .all(let nodes):
            var share = SegmentPlan.Coverage.all
            for node in nodes where share != .none { share = share.and(try self.share(of: node)) }
            return share
        case .any(let nodes):
            var share = SegmentPlan.Coverage.none
            for node in nodes where share != .all { share = share.or(try self.share(of: node)) }
            return share
        }
    }

    private func share(of term: Filter.Term) throws(SystemFault) -> SegmentPlan.Coverage {
        guard knowsAll else { return .some }
        if let ids = term.soughtIDs {
            for id in ids {
                guard let candidates = try members(holding: id) else { return .some }
                if candidates.contains(true) { return .some }
            }
            return .none
        }
        if let field = dictionary(for: term) {
            guard let values = try dictionary(of: field) else { return .some }
            var matching = 0
            for value in values where term.accepts(value.raw) { matching +|= value.lines }
            return SegmentPlan.Coverage(matching, of: lines)
        }
        guard let fields = ranges(for: term) else { return .some }
        for field in fields {
            guard let range = try range(of: field) else { return .some }
            if range.mayHold(term) { return .some }
        }
        return .none
    }

    /// Returns how much of each member a part of a filter selects; nil if the index cannot
    /// determine it.
    func coverages(
        of node: Filter.Node, in segment: SegmentIndex
    ) throws(SystemFault) -> [SegmentPlan.Coverage]? {
        switch node {
        case .term(let term): return try coverages(of: term, in: segment)
        case .not(let node): return try coverages(of: node, in: segment)?.map(\.negated)
        case .all(let nodes):
            var all = [SegmentPlan.Coverage](repeating: .all, count: segment.members.count)
            for node in nodes {
                let found = try coverages(of: node, in: segment)
                for i in all.indices { all[i] = all[i].and(found?[i] ?? .some) }
            }
            return all
        case .any(let nodes):
            var any = [SegmentPlan.Coverage](repeating: .none, count: segment.members.count)
            for node in nodes {
                let found = try coverages(of: node, in: segment)
                for i in any.indices { any[i] = any[i].or(found?[i] ?? .some) }
            }
            return any
        }
    }

    private func coverages(
        of term: Filter.Term, in segment: SegmentIndex
    ) throws(SystemFault) -> [SegmentPlan.Coverage]? {
        if let ids = term.soughtIDs {
            var coverages = [SegmentPlan.Coverage](repeating: .none, count: segment.members.count)
            for id in ids {
                guard let candidates = try members(holding: id),
                    candidates.count == coverages.count
                else { return nil }
                for i in coverages.indices where candidates[i] { coverages[i] = .some }
            }
            return coverages
        }
        if let field = dictionary(for: term) {
            return try coverages(of: term, by: field, in: segment)
        }
        guard let fields = ranges(for: term) else { return nil }
        var coverages = [SegmentPlan.Coverage](repeating: .none, count: segment.members.count)
        for field in fields {
            guard let ranges = try ranges(of: field), ranges.count == coverages.count else {
                return nil
            }
            for i in coverages.indices where ranges[i].mayHold(term) {
                coverages[i] = .some
            }
        }
        return coverages
    }

    private func coverages(
        of term: Filter.Term, by field: Field, in segment: SegmentIndex
    ) throws(SystemFault) -> [SegmentPlan.Coverage]? {
        guard let values = try dictionary(of: field) else { return nil }
        let accepted = values.map { term.accepts($0.raw) }
        var matching = [Int](repeating: 0, count: segment.members.count)
        guard matching.count == memberCount else { return nil }
        let whole = try occurrences(of: field, values: values.count) { member, code, lines in
            if accepted[code] { matching[member] +|= lines }
        }
        guard whole else { return nil }
        return zip(matching, segment.members).map { SegmentPlan.Coverage($0, of: $1.lines) }
    }

    /// Returns the dictionary that decides a term, if there is one.
    private func dictionary(for term: Filter.Term) -> Field? {
        guard term.path.count == 1, let field = fields[term.path[0]], field.kind == .dictionary
        else { return nil }
        return field
    }

    /// Returns the fields of which at least one must have a matching range for a term to hold.
    ///
    /// nil if ranges cannot decide the term.
    private func ranges(for term: Filter.Term) -> [Field]? {
        guard term.mayHold(low: 0, high: 0) != nil else { return nil }
        if term.path.count == 1 {
            guard let field = fields[term.path[0]], field.kind == .range else { return nil }
            return [field]
        }
        guard knowsDeltas, term.path.first == "deltas", term.path.last == "value" else {
            return nil
        }
        // `deltas.value` means all deltas, and an index may mean any: `deltas.0.value`.
        if term.path.count == 2 || Int(term.path[1]) != nil {
            return fields.filter { $0.key.hasPrefix("deltas.") }.map(\.value)
        }
        return fields[term.path.joined(separator: ".")].map { [$0] } ?? []
    }
}

extension Filter.Term {
    /// The ids of which a line must have one for the term to hold; nil if the term requires no
    /// id.
    fileprivate var soughtIDs: [String]? { path == ["id"] ? texts : nil }
}

extension Archive {
    /// Returns what the archive's index implies for `query`; rebuilds the index if needed.
    func plan(_ query: EventLogQuery) throws(SystemFault) -> SegmentPlan {
        let file = try indexFile()
        if let file, query != .all, file.knowsAll, try query.share(of: file) == .none {
            return SegmentPlan(nothingOf: file)
        }
        guard let file, let segment = try file.index() else {
            let rebuilt = try rebuild()
            return try SegmentPlan(query, rebuilt.index, rebuilt.file)
        }
        return try SegmentPlan(query, segment, file)
    }
}
