import Events

/// A sealed segment: reads members, and makes the index anew when it is lost.
struct Archive: Sendable {
    let folder: LogFolder
    let name: SegmentName

    private var files: any LogFileSystem { folder.files }

    /// The members by the index beside the archive, or by one rebuilt from it.
    func index() throws(SystemFault) -> SegmentIndex {
        if let file = try indexFile(), let index = try file.index() { return index }
        return try rebuild().index
    }

    /// The index beside the archive; nil when it is lost, damaged or of another archive.
    func indexFile() throws(SystemFault) -> IndexFile? {
        guard let file = try IndexFile(folder.file(name.index), files: files),
            try files.facts(folder.file(name.archive)).bytes == file.archiveBytes
        else { return nil }
        return file
    }

    /// The index made anew, and put beside the archive when that is possible (a
    /// reader may not be allowed to): the next one finds it. A damaged archive keeps the
    /// index that it has, which says what is missing.
    func rebuild() throws(SystemFault) -> (index: SegmentIndex, file: IndexFile?) {
        let rebuilt = try rebuiltIndex()
        guard rebuilt.damage.isEmpty else { return (rebuilt.index, nil) }
        try? files.replace(folder.file(name.index), in: folder.path, with: rebuilt.bytes)
        // Removed for the quota meanwhile: an index alone is of no use.
        if (try? files.facts(folder.file(name.archive))) == nil {
            try? files.remove(folder.file(name.index))
        }
        return (rebuilt.index, IndexFile(rebuilt.bytes))
    }

    /// The members as they lie in the archive. What is missing is told by the index beside
    /// it, when that is whole: the archive may have been cut, or bytes of it copied.
    func rebuiltIndex() throws(SystemFault) -> (
        index: SegmentIndex, bytes: [UInt8], damage: [MemberDamage]
    ) {
        let found = try walkedIndex()
        guard let file = try IndexFile(folder.file(name.index), files: files),
            let table = try file.index()
        else { return found }
        let aligned = aligned(table, with: found.index)
        let isThere = { (index: SegmentIndex) in index.members.contains { !$0.isUnreadable } }
        // Of another archive: what is there says more.
        if isThere(found.index), !isThere(aligned.index) { return found }
        // What no member of the table is took no line away.
        let rest = found.damage.filter { $0.lines == nil || $0.lines == 0 }
            .map { MemberDamage(range: $0.range, lines: 0) }
        return (aligned.index, found.bytes, rest + aligned.missing)
    }

    /// `table` with the members where they were found; those that were not can't be read.
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

    /// Steps from member to member. A damaged one keeps its place when its header
    /// is whole; what follows a damaged header is searched for the next member.
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
                // Checksum and length: lines differ by their numbers.
                if sizes.lines > 0, !trailers.insert(Array(member.suffix(8))).inserted {
                    damage.append(MemberDamage(range: range, lines: 0))
                } else {
                    plain.withUnsafeBytes {
                        builder.add(
                            builder.survey($0), packed: sizes.packed, plain: sizes.plain, at: offset
                        )
                    }
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

    /// Bytes of an archive that are not as they were written.
    struct MemberDamage: Sendable, Equatable {
        /// Within the archive's file as it was written.
        let range: Range<Int>
        /// How many lines were there; nil when the header is damaged too.
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

    /// The lines of one member; nil when it is damaged.
    func lines(
        of member: SegmentIndex.Member, with inflater: Inflater
    ) throws(SystemFault) -> [UInt8]? {
        try packed(member)?.withUnsafeBytes { bytes in
            guard GzipMember.sizes(bytes)?.plain == member.plain else { return nil }
            return GzipMember.unpack(bytes, with: inflater)
        }
    }

    /// The member itself; nil when it is known to be damaged.
    func packed(_ member: SegmentIndex.Member) throws(SystemFault) -> [UInt8]? {
        if member.isUnreadable { return nil }
        let file = try files.openToRead(folder.file(name.archive))
        defer { files.close(file) }
        return try files.read(file, at: member.offset, count: member.packed)
    }
}
