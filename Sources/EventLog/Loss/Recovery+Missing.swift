import Events

/// Detects at the start what was acknowledged and is missing.
extension Recovery {
    /// Returns lines and bytes of segments whose archive is missing but whose index exists.
    func sizesOfTheGone() throws(SystemFault) -> [UInt64: (lines: Int, end: UInt64)] {
        let entries = try folder.entries()
        var there: Set<UInt64> = []
        for entry in entries {
            switch entry {
            case .archive(let name), .closed(let name): there.insert(name.number)
            default: break
            }
        }
        var sizes: [UInt64: (lines: Int, end: UInt64)] = [:]
        for case .index(let name) in entries where !there.contains(name.number) {
            guard let file = try IndexFile(folder.file(name.index), files: files) else { continue }
            sizes[name.number] = (file.lines, file.end)
        }
        return sizes
    }

    /// Compares the existing segments with how far the log was acknowledged.
    ///
    /// Positions of lost lines are never reused: a reader's cursor may be after them.
    mutating func noteMissing(_ sizes: [UInt64: (lines: Int, end: UInt64)]) throws(SystemFault) {
        var present = Set(archives.map(\.name.number) + closed.map(\.name.number))
        if let active { present.insert(active.number) }
        let removed = try RemovedSegments(in: folder)
        let found = MissingSegments(
            present: present, removed: removed, known: known, sizes: sizes)
        if let known, active == nil { number = max(number, known.head.segment) }
        guard !found.runs.isEmpty else { return }
        missing = found.damage
        if active == nil, let last = found.runs.last { number = max(number, last.last + 1) }
        var noted = removed
        for entry in found.entries { noted.add(entry) }
        try? files.replace(
            folder.file(SegmentName.removed), in: folder.path, with: noted.encoded)
    }

    /// Whether acknowledged lines of the open segment are missing.
    func lacksAcknowledged(_ scan: PlainScan) -> Bool {
        guard let known, let number = scan.number else { return false }
        return known.head.segment == number && known.head.offset > scan.end
    }
}
