import Events

/// A sealed segment: reads members, and makes the index anew when it is lost.
struct Archive: Sendable {
    let folder: LogFolder
    let name: SegmentName

    private var files: any LogFileSystem { folder.files }

    /// The index beside the archive, or one rebuilt from it.
    func index() throws(SystemFault) -> SegmentIndex {
        if let bytes = try folder.files.contents(folder.file(name.index)),
            let index = SegmentIndex(bytes)
        {
            return index
        }
        return try rebuiltIndex().index
    }

    /// Steps from member to member. A damaged one keeps its place when its header
    /// is whole; what follows a damaged header is searched for the next member.
    func rebuiltIndex() throws(SystemFault) -> (index: SegmentIndex, damage: [MemberDamage]) {
        let file = try files.openToRead(folder.file(name.archive))
        defer { files.close(file) }
        let facts = try files.facts(file)
        var index = SegmentIndex(closedAt: Timestamp(milliseconds: facts.modified))
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
            var entry = SegmentIndex.Member(
                offset: offset, packed: sizes.packed, start: index.end, plain: sizes.plain,
                lines: sizes.lines, earliest: .min, latest: .max)
            if let plain = member.withUnsafeBytes({ GzipMember.unpack($0, with: inflater) }) {
                entry.span(of: plain)
            } else {
                damage.append(
                    MemberDamage(range: offset..<(offset + sizes.packed), lines: sizes.lines))
            }
            index.members.append(entry)
            offset += sizes.packed
        }
        return (index, damage)
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

extension SegmentIndex.Member {
    /// Sets the time span from the lines themselves.
    fileprivate mutating func span(of plain: [UInt8]) {
        var low = Int64.max
        var high = Int64.min
        plain.withUnsafeBytes { bytes in
            bytes.forEachLine { line, _ in
                guard let scanned = try? ScannedLine(line) else { return }
                low = min(low, scanned.ts.milliseconds)
                high = max(high, scanned.ts.milliseconds)
            }
        }
        (earliest, latest) = (min(low, high), max(low, high))
    }
}
