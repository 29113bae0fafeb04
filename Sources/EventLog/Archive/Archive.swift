import Events

/// A sealed segment. Reads members and rebuilds a lost index.
struct Archive: Sendable {
    let folder: LogFolder
    let name: SegmentName
    /// Guards the lines that are examined; nil where a crash ends no node.
    var queries: QueryGuard?

    private var files: any LogFileSystem { folder.files }

    /// The members, from the index file or else from the archive itself.
    func index() throws(SystemFault) -> SegmentIndex {
        if let file = try indexFile(), let index = try file.index() { return index }
        return try rebuild().index
    }

    /// The index file; nil if it is missing, damaged or belongs to an archive of another size.
    func indexFile() throws(SystemFault) -> IndexFile? {
        guard let file = try IndexFile(folder.file(name.index), files: files),
            try files.facts(folder.file(name.archive)).bytes == file.archiveBytes
        else { return nil }
        return file
    }

    /// Rebuilds the index and stores it if possible; a reader may lack write permission.
    ///
    /// For a damaged archive, keeps the index file: it records what is missing.
    func rebuild() throws(SystemFault) -> (index: SegmentIndex, file: IndexFile?) {
        let rebuilt = try rebuiltIndex()
        guard rebuilt.damage.isEmpty else { return (rebuilt.index, nil) }
        try? files.replace(folder.file(name.index), in: folder.path, with: rebuilt.bytes)
        // The archive may have been removed for the quota meanwhile; its index is then useless.
        if (try? files.exists(folder.file(name.archive))) == false {
            try? files.remove(folder.file(name.index))
        }
        return (rebuilt.index, IndexFile(rebuilt.bytes))
    }

    /// The members found in the archive, and what is missing according to an intact index file.
    ///
    /// The archive may have been truncated, or parts of it may have been copied.
    func rebuiltIndex() throws(SystemFault) -> (
        index: SegmentIndex, bytes: [UInt8], damage: [MemberDamage]
    ) {
        let found = try walkedIndex()
        guard let file = try IndexFile(folder.file(name.index), files: files),
            let table = try file.index()
        else { return found }
        let aligned = aligned(table, with: found.index)
        let isThere = { (index: SegmentIndex) in index.members.contains { !$0.isUnreadable } }
        // The index belongs to another archive; use the members that were found.
        if isThere(found.index), !isThere(aligned.index) { return found }
        // Found bytes that match no member of the table cost no line.
        let rest = found.damage.filter { $0.lines == nil || $0.lines == 0 }
            .map { MemberDamage(range: $0.range, lines: 0) }
        return (aligned.index, found.bytes, rest + aligned.missing)
    }

    /// `table` with the offsets at which members were found; the others become unreadable.
    private func aligned(
        _ table: SegmentIndex, with found: SegmentIndex
    ) -> (index: SegmentIndex, missing: [MemberDamage]) {
        struct Key: Hashable {
            let plain: Int
            let lines: Int
            let earliest: Int64
            let latest: Int64

            init(_ member: SegmentIndex.Member) {
                (plain, lines) = (member.plain, member.lines)
                (earliest, latest) = (member.earliest, member.latest)
            }
        }
        var places: [Key: [SegmentIndex.Member]] = [:]
        for member in found.members.reversed() where !member.isUnreadable {
            places[Key(member), default: []].append(member)
        }
        var index = table
        var missing: [MemberDamage] = []
        for (i, member) in table.members.enumerated() {
            if var place = places[Key(member)]?.popLast() {
                place.start = member.start
                index.members[i] = place
            } else {
                index.members[i].isKnown = false
                index.members[i].isUnreadable = true
                missing.append(
                    MemberDamage(
                        range: member.offset..<member.offset + member.packed, lines: member.lines))
            }
        }
        return (index, missing)
    }

    /// Whether a line names its event, so that the log stores it once.
    private static func hasKey(_ lines: [UInt8]) -> Bool {
        var found = false
        lines.withUnsafeBytes { bytes in
            bytes.forEachLine { line, _ in
                if let scanned = try? ScannedLine(line, from: .log), scanned.key != .none {
                    found = true
                }
            }
        }
        return found
    }

    /// Walks the archive member by member.
    ///
    /// A damaged member with an intact header becomes an unreadable member. After a damaged
    /// header, searches for the next member.
    private func walkedIndex() throws(SystemFault) -> (
        index: SegmentIndex, bytes: [UInt8], damage: [MemberDamage]
    ) {
        let file = try files.openToRead(folder.file(name.archive))
        defer { files.close(file) }
        let facts = try files.facts(file)
        let closedAt = Timestamp(milliseconds: facts.modified)
        var builder = IndexBuilder(closedAt: closedAt)
        var damage: [MemberDamage] = []
        var trailers: Set<[UInt8]> = []
        let inflater = Inflater()
        var offset = 0
        while offset < facts.bytes {
            let header = try files.read(file, at: offset, count: GzipMember.headerLength)
            guard let sizes = header.withUnsafeBytes({ GzipMember.sizes($0) }),
                offset + sizes.packed <= facts.bytes
            else {
                let next = try nextMember(in: file, after: offset, size: facts.bytes)
                damage.append(MemberDamage(range: offset..<next, lines: nil))
                builder.addHeadless(offset..<next)
                offset = next
                continue
            }
            let range = offset..<offset + sizes.packed
            let member = try files.read(file, at: offset, count: sizes.packed)
            let plain = member.withUnsafeBytes { GzipMember.unpack($0, with: inflater) }
            if let plain {
                // An equal checksum and length means a copied member, unless its lines have neither
                // a sequence number nor an id: equal lines of that kind may be stored often.
                let isRepeated = !trailers.insert(Array(member.suffix(8))).inserted
                if isRepeated, Self.hasKey(plain) {
                    damage.append(MemberDamage(range: range, lines: 0))
                } else {
                    builder.add(
                        survey(plain, at: builder.index.end, for: &builder), packed: sizes.packed,
                        plain: sizes.plain, at: offset)
                }
            } else {
                damage.append(MemberDamage(range: range, lines: sizes.lines))
                builder.addUnreadable(sizes, at: offset)
            }
            offset = range.upperBound
        }
        return (
            builder.index, builder.encoded(archiveBytes: facts.bytes, closedAt: closedAt), damage
        )
    }

    /// Examines the lines of the next member, which start at `start` of the segment. Quarantined
    /// lines are not examined, so the index does not know the member's fields.
    func survey(
        _ plain: [UInt8], at start: UInt64, for builder: inout IndexBuilder
    ) -> IndexBuilder.Survey {
        func position(_ offset: Int) -> LogPosition {
            LogPosition(segment: name.number, offset: start +| UInt64(clamping: offset))
        }
        var survey = IndexBuilder.Survey()
        QueryGuard.examine(
            position(0)...position(plain.count), for: "index", guardedBy: queries
        ) { step in
            survey = plain.withUnsafeBytes { bytes in
                builder.survey(bytes) { line, offset in
                    step.admits(line, endingAt: position(offset +| line.count +| 1))
                }
            }
            return true
        }
        return survey
    }

    /// Damaged bytes of an archive.
    struct MemberDamage: Sendable, Equatable {
        /// File offsets, in the archive as it was written.
        let range: Range<Int>
        /// Number of lines lost; nil if the header is damaged too.
        let lines: Int?
    }

    private func nextMember(
        in file: LogFile, after offset: Int, size: Int
    ) throws(SystemFault) -> Int {
        var start = offset + 1
        while start < size {
            let piece = try files.read(file, at: start, count: 1 << 20)
            let last = piece.count - GzipMember.headerLength
            let found = piece.withUnsafeBytes { bytes -> Int? in
                guard last >= 0 else { return nil }
                return (0...last).first {
                    bytes[$0] == 0x1f
                        && GzipMember.sizes(UnsafeRawBufferPointer(rebasing: bytes[$0...])) != nil
                }
            }
            if let found { return start + found }
            if last < 0 || start + piece.count >= size { break }
            start += last + 1
        }
        return size
    }

    /// The lines of one member; nil if it is damaged.
    func lines(
        of member: SegmentIndex.Member, with inflater: Inflater
    ) throws(SystemFault) -> [UInt8]? {
        try packed(member)?.withUnsafeBytes { bytes in
            guard GzipMember.sizes(bytes)?.plain == member.plain else { return nil }
            return GzipMember.unpack(bytes, with: inflater)
        }
    }

    /// The compressed member; nil if it is known to be damaged.
    func packed(_ member: SegmentIndex.Member) throws(SystemFault) -> [UInt8]? {
        if member.isUnreadable { return nil }
        let file = try files.openToRead(folder.file(name.archive))
        defer { files.close(file) }
        return try files.read(file, at: member.offset, count: member.packed)
    }
}
