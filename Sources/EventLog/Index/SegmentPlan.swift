import Events

/// What the index of a sealed segment implies for a query.
///
/// Determines which members need not be read and which match as a whole.
struct SegmentPlan: Sendable {
    /// How many lines of a set match.
    enum Coverage: Sendable {
        case none, some, all

        func and(_ other: Coverage) -> Coverage {
            if self == .none || other == .none { return .none }
            return self == .all && other == .all ? .all : .some
        }

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
        for term in query.condition.terms {
            let found = try file?.coverages(of: term, in: segment)
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
        var share = share(earliest: file.earliest, latest: file.latest)
        for term in condition.terms where share != .none {
            share = share.and(try file.share(of: term))
        }
        return share
    }
}

extension IndexFile {
    /// Returns how much of the whole segment `term` selects.
    func share(of term: Expression.Term) throws(SystemFault) -> SegmentPlan.Coverage {
        guard knowsAll else { return .some }
        if let id = term.soughtID {
            guard let candidates = try members(holding: id) else { return .some }
            return candidates.contains(true) ? .some : .none
        }
        if let field = dictionary(for: term) {
            guard let values = try dictionary(of: field) else { return .some }
            var matching = term.acceptsAbsence ? lines : 0
            for value in values {
                if term.acceptsAbsence { matching -|= value.lines }
                if term.accepts(value.raw) { matching +|= value.lines }
            }
            return SegmentPlan.Coverage(matching, of: lines)
        }
        guard let number = term.number, let fields = ranges(for: term) else { return .some }
        for field in fields {
            guard let range = try range(of: field) else { return .some }
            if range.mayHold(term.comparison, number) { return .some }
        }
        return .none
    }

    /// Returns how much of each member `term` selects; nil if the index cannot determine it.
    func coverages(
        of term: Expression.Term, in segment: SegmentIndex
    ) throws(SystemFault) -> [SegmentPlan.Coverage]? {
        if let id = term.soughtID {
            return try members(holding: id)?.map { $0 ? .some : .none }
        }
        if let field = dictionary(for: term) {
            return try coverages(of: term, by: field, in: segment)
        }
        guard let number = term.number, let fields = ranges(for: term) else { return nil }
        var coverages = [SegmentPlan.Coverage](repeating: .none, count: segment.members.count)
        for field in fields {
            guard let ranges = try ranges(of: field), ranges.count == coverages.count else {
                return nil
            }
            for i in coverages.indices where ranges[i].mayHold(term.comparison, number) {
                coverages[i] = .some
            }
        }
        return coverages
    }

    private func coverages(
        of term: Expression.Term, by field: Field, in segment: SegmentIndex
    ) throws(SystemFault) -> [SegmentPlan.Coverage]? {
        guard let values = try dictionary(of: field) else { return nil }
        let accepted = values.map { term.accepts($0.raw) }
        var matching = segment.members.map { term.acceptsAbsence ? $0.lines : 0 }
        guard matching.count == memberCount else { return nil }
        let whole = try occurrences(of: field, values: values.count) { member, code, lines in
            if term.acceptsAbsence { matching[member] -|= lines }
            if accepted[code] { matching[member] +|= lines }
        }
        guard whole else { return nil }
        return zip(matching, segment.members).map { SegmentPlan.Coverage($0, of: $1.lines) }
    }

    /// Returns the dictionary that decides a term, if there is one.
    private func dictionary(for term: Expression.Term) -> Field? {
        guard term.path.count == 1, let field = fields[term.path[0]], field.kind == .dictionary
        else { return nil }
        return field
    }

    /// Returns the fields of which at least one must have a matching range for a term to hold.
    ///
    /// nil if ranges cannot decide the term.
    private func ranges(for term: Expression.Term) -> [Field]? {
        switch term.comparison {
        case .equal, .greater, .less: break
        case .notEqual, .contains: return nil
        }
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

extension Expression.Term {
    /// The id that a line must have for the term to hold; nil if the term requires no id.
    fileprivate var soughtID: String? {
        comparison == .equal && path == ["id"] ? value : nil
    }
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
