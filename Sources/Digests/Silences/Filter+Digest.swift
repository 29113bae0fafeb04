import Events

extension Filter {
    /// Whether it holds for a digest, for routes. A term holds if one of the field's values fits,
    /// such as one of several zones.
    func matches(_ digest: Digest) -> Bool {
        holds { term in digest.values(of: term.path).contains { term.accepts(text: $0) } }
    }

    /// Whether it holds for all that a digest reports, for silences. A silence for one zone must
    /// not hide the failure of another, so a term holds only if all values of its field fit; what
    /// is negated must not fit any of them.
    func covers(_ digest: Digest) -> Bool { root.covers(digest) }
}

extension Filter.Node {
    fileprivate func covers(_ digest: Digest) -> Bool {
        switch self {
        case .term(let term): return covers(digest, term.path, [term])
        case .not(let node): return !node.touches(digest)
        case .all(let nodes): return nodes.allSatisfy { $0.covers(digest) }
        case .any(let nodes):
            // `az=a or az=b` covers a digest of both zones.
            let terms = nodes.compactMap { node in
                if case .term(let term) = node { return term }
                return nil
            }
            if let path = terms.first?.path, terms.count == nodes.count,
                terms.allSatisfy({ $0.path == path })
            {
                return covers(digest, path, terms)
            }
            return nodes.contains { $0.covers(digest) }
        }
    }

    /// Whether each value of the field fits one of the terms.
    private func covers(_ digest: Digest, _ path: [String], _ terms: [Filter.Term]) -> Bool {
        let values = digest.values(of: path)
        let fits = { (value: String) in terms.contains { $0.accepts(text: value) } }
        // Two names of one kind, not two parts of what is reported.
        if path == ["kind"] { return values.contains(where: fits) }
        return !values.isEmpty && values.allSatisfy(fits)
    }

    /// Whether anything that the digest reports may fit.
    private func touches(_ digest: Digest) -> Bool {
        switch self {
        case .term(let term): digest.values(of: term.path).contains { term.accepts(text: $0) }
        case .not(let node): !node.covers(digest)
        case .all(let nodes): nodes.allSatisfy { $0.touches(digest) }
        case .any(let nodes): nodes.contains { $0.touches(digest) }
        }
    }
}

extension Digest {
    /// The values that a term on a field compares; see `EventMember.digest`.
    fileprivate func values(of path: [String]) -> [String] {
        let field = path.joined(separator: ".")
        if let value = group[field] { return [value] }
        switch field {
        // `kind=failing` holds for every open failure; `kind=degraded` and `kind=unknown` for one
        // without an unhealthy place.
        case "kind": return kindWord == kind.rawValue ? [kindWord] : [kindWord, kind.rawValue]
        case "status": return status.map { [$0.rawValue] } ?? []
        case "worst": return worst.map { [$0.rawValue] } ?? []
        case "level": return noticeLevel.map { [$0.rawValue] } ?? []
        case "az": return places.map(\.az) + notices.map(\.place)
        case "node": return places.map(\.node) + notices.map(\.place)
        case "metric": return metrics.map(\.metric)
        case "event": return notices.map(\.event)
        default: return []
        }
    }
}
