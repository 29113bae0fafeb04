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
    /// reader may not be allowed to): the next one finds it.
    func rebuild() throws(SystemFault) -> (index: SegmentIndex, file: IndexFile?) {
        let rebuilt = try rebuiltIndex()
        guard rebuilt.damage.isEmpty else { return (rebuilt.index, IndexFile(rebuilt.bytes)) }
        try? files.replace(folder.file(name.index), in: folder.path, with: rebuilt.bytes)
        // Removed for the quota meanwhile: an index alone is of no use.
        if (try? files.facts(folder.file(name.archive))) == nil {
            try? files.remove(folder.file(name.index))
        }
        return (rebuilt.index, IndexFile(rebuilt.bytes))
    }

    /// Steps from member to member. A damaged one keeps its place when its header
    /// is whole; what follows a damaged header is searched for the next member.
    func rebuiltIndex() throws(SystemFault) -> (
        index: SegmentIndex, bytes: [UInt8], damage: [MemberDamage]
    ) {
        let file = try files.openToRead(folder.file(name.archive))
        defer { files.close(file) }
        let facts = try files.facts(file)
        let closedAt = Timestamp(milliseconds: facts.modified)
        var builder = IndexBuilder(closedAt: closedAt)
        var damage: [MemberDamage] = []
        let inflater = Inflater()
        var offset = 0
        while offset < facts.bytes {
            let header = try files.read(file, at: offset, count: GzipMember.headerLength)
            guard let sizes = header.withUnsafeBytes({ GzipMember.sizes($0) }),
                offset + sizes.packed <= facts.bytes
            else {
                let next = try nextMember(in: file, after: offset, size: facts.bytes)
                damage.append(MemberDamage(range: offset..<next, lines: nil))
                offset = next
                continue
            }
            let member = try files.read(file, at: offset, count: sizes.packed)
            if offset == builder.index.packed,
                let plain = member.withUnsafeBytes({ GzipMember.unpack($0, with: inflater) })
            {
                plain.withUnsafeBytes {
                    builder.add(builder.survey($0), packed: sizes.packed, plain: sizes.plain)
                }
            } else {
                let plain = member.withUnsafeBytes { GzipMember.unpack($0, with: inflater) }
                if plain == nil {
                    damage.append(
                        MemberDamage(range: offset..<(offset + sizes.packed), lines: sizes.lines))
                }
                builder.addUnreadable(sizes, at: offset)
            }
            offset += sizes.packed
        }
        return (
            builder.index, builder.encoded(archiveBytes: facts.bytes, closedAt: closedAt), damage
        )
    }

    /// Bytes of an archive that are not as they were written.
    struct MemberDamage: Sendable, Equatable {
        /// Within the archive's file.
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
        let file = try files.openToRead(folder.file(name.archive))
        defer { files.close(file) }
        let packed = try files.read(file, at: member.offset, count: member.packed)
        return packed.withUnsafeBytes { GzipMember.unpack($0, with: inflater) }
    }
}
