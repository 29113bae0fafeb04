import Events

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The index file of an archive. Each part is read only when it is needed.
///
/// A damaged part is returned as nil: nothing is known then.
struct IndexFile: Sendable {
    struct Field: Sendable {
        let kind: IndexLayout.Block.Kind
        fileprivate let summary: Range<Int>
        fileprivate let detail: Range<Int>
    }

    let closedAt: Timestamp
    /// Size of the archive that the index was built for.
    let archiveBytes: Int
    let lines: Int
    /// Bytes of lines.
    let end: UInt64
    /// The earliest and latest `ts` of all lines, in milliseconds; `earliest` is above `latest`
    /// if there are no lines.
    let earliest: Int64
    let latest: Int64
    let memberCount: Int
    /// Whether the index has the range of every metric in `deltas`.
    let knowsDeltas: Bool
    /// Whether the index covers the fields of every line.
    let knowsAll: Bool
    let fields: [String: Field]
    private let membersRange: Range<Int>
    private let filterStart: Int
    private let filter: IdFilter?
    private let source: Source

    /// Where the bytes are read from.
    private enum Source: Sendable {
        case file(path: String, any LogFileSystem)
        case bytes([UInt8])
    }

    /// Returns nil if there is no such file or its head is damaged.
    init?(_ path: String, files: any LogFileSystem) throws(SystemFault) {
        let file: LogFile
        do throws(SystemFault) { file = try files.openToRead(path) } catch {
            if error.isAbsence { return nil }
            throw error
        }
        defer { files.close(file) }
        var start = try files.read(file, at: 0, count: 4096)
        guard let length = Self.headLength(start) else { return nil }
        if length > start.count {
            start += try files.read(file, at: start.count, count: length - start.count)
        }
        guard length <= start.count else { return nil }
        self.init(head: Array(start[IndexLayout.preamble..<length]), .file(path: path, files))
    }

    /// Reads an index in memory; returns nil if its head is damaged.
    init?(_ bytes: [UInt8]) {
        guard let length = Self.headLength(bytes), length <= bytes.count else { return nil }
        self.init(head: Array(bytes[IndexLayout.preamble..<length]), .bytes(bytes))
    }

    private static func headLength(_ start: [UInt8]) -> Int? {
        guard start.count >= IndexLayout.preamble else { return nil }
        return start.withUnsafeBytes { bytes in
            let magic = UInt64(
                littleEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
            let length = Int(
                UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self)))
            guard magic == IndexLayout.magic, length >= IndexLayout.preamble, length <= 1 << 20
            else { return nil }
            return length
        }
    }

    private init?(head: [UInt8], _ source: Source) {
        guard var input = ByteReader(sealed: head), let closedAt = input.read(),
            let archiveBytes = input.readCount(), let lines = input.readCount(),
            let end = input.readCount(),
            let earliest = input.read(), let latest = input.read(),
            let memberCount = input.readShort(), let membersLength = input.readShort(),
            let flags = input.readShort(), let fieldCount = input.readShort(),
            // Each member takes bytes in the archive.
            Int(memberCount) <= archiveBytes / GzipMember.leastPacked,
            Int(membersLength) == Int(memberCount) *| IndexLayout.memberBytes +| 4,
            lines <= Int(memberCount) *| GzipMember.maxPlain
        else { return nil }
        let base = IndexLayout.preamble + head.count
        var fields: [String: Field] = [:]
        for _ in 0..<fieldCount {
            guard let name = input.readText(), let kind = input.readShort(),
                let kind = IndexLayout.Block.Kind(rawValue: kind),
                let summary = input.readShort(), let summaryLength = input.readShort(),
                let detail = input.readShort(), let detailLength = input.readShort()
            else { return nil }
            fields[String(decoding: name, as: UTF8.self)] = Field(
                kind: kind,
                summary: (base + Int(summary))..<(base + Int(summary) + Int(summaryLength)),
                detail: (base + Int(detail))..<(base + Int(detail) + Int(detailLength)))
        }
        guard let filterStart = input.readShort(), let rows = input.readShort(),
            let hashes = input.readShort(), input.isAtEnd
        else { return nil }
        self.closedAt = Timestamp(milliseconds: Int64(bitPattern: closedAt))
        self.archiveBytes = archiveBytes
        self.lines = lines
        self.end = UInt64(end)
        self.earliest = Int64(bitPattern: earliest)
        self.latest = Int64(bitPattern: latest)
        self.memberCount = Int(memberCount)
        self.knowsDeltas = flags & 1 != 0
        knowsAll = flags & 2 != 0
        self.fields = fields
        membersRange = base..<(base + Int(membersLength))
        self.filterStart = base + Int(filterStart)
        filter = IdFilter(rows: Int(rows), hashes: Int(hashes), members: Int(memberCount))
        self.source = source
    }

    // MARK: - Parts

    private func bytes(_ range: Range<Int>) throws(SystemFault) -> [UInt8] {
        switch source {
        case .bytes(let all): return Array(all[range.clamped(to: 0..<all.count)])
        case .file(let path, let files):
            guard range.count <= IndexLayout.longestPart else { return [] }
            let file: LogFile
            do throws(SystemFault) { file = try files.openToRead(path) } catch {
                if error.isAbsence { return [] }
                throw error
            }
            defer { files.close(file) }
            // A damaged length must not cause a larger allocation.
            let there = range.clamped(to: 0..<(try files.facts(file).bytes))
            return try files.read(file, at: there.lowerBound, count: there.count)
        }
    }

    /// The table of members; nil if it is damaged or does not fit the archive's size.
    func index() throws(SystemFault) -> SegmentIndex? {
        guard var input = ByteReader(sealed: try bytes(membersRange)) else { return nil }
        var index = SegmentIndex(closedAt: closedAt)
        for _ in 0..<memberCount {
            guard let offset = input.read(), let start = input.read(),
                let earliest = input.read(), let latest = input.read(),
                let packed = input.readShort(), let plain = input.readShort(),
                let lines = input.readShort(), plain <= GzipMember.maxPlain,
                start == index.end, offset >= index.packed, offset <= archiveBytes,
                Int(packed) <= archiveBytes - Int(clamping: offset), lines >> 1 <= plain
            else { return nil }
            index.members.append(
                SegmentIndex.Member(
                    offset: Int(clamping: offset), packed: Int(packed), start: start,
                    plain: Int(plain), lines: Int(lines >> 1),
                    earliest: Int64(bitPattern: earliest), latest: Int64(bitPattern: latest),
                    isKnown: lines & 1 != 0))
        }
        return input.isAtEnd ? index : nil
    }

    /// The raw JSON values of a field, by code, each with its number of lines.
    func dictionary(of field: Field) throws(SystemFault) -> [(raw: [UInt8], lines: Int)]? {
        guard field.kind == .dictionary,
            var input = ByteReader(sealed: try bytes(field.summary)),
            let count = input.readShort(), count <= FieldTally.mostValues
        else { return nil }
        var values: [(raw: [UInt8], lines: Int)] = []
        values.reserveCapacity(Int(count))
        var left = self.lines
        for _ in 0..<count {
            guard let lines = input.readCount(), lines <= left, let raw = input.readText() else {
                return nil
            }
            left -|= lines
            values.append((raw, lines))
        }
        return values
    }

    /// Calls `visit` with the number of lines for each code of each member.
    ///
    /// Returns false if the part is damaged; some calls may have been made by then.
    func occurrences(
        of field: Field, values: Int, _ visit: (_ member: Int, _ code: Int, _ lines: Int) -> Void
    ) throws(SystemFault) -> Bool {
        guard field.kind == .dictionary,
            var input = ByteReader(sealed: try bytes(field.detail))
        else { return false }
        for member in 0..<memberCount {
            guard let count = input.readVarint() else { return false }
            var code = 0
            for _ in 0..<count {
                guard let distance = input.readVarint(), let lines = input.readVarint(),
                    distance < values - code, lines <= GzipMember.maxPlain
                else { return false }
                code += distance
                visit(member, code, lines)
            }
        }
        return input.isAtEnd
    }

    /// The range of a field's numbers in the whole segment.
    func range(of field: Field) throws(SystemFault) -> NumberRange? {
        guard field.kind == .range, var input = ByteReader(sealed: try bytes(field.summary))
        else { return nil }
        return input.readRange()
    }

    /// The range of a field's numbers in each member.
    func ranges(of field: Field) throws(SystemFault) -> [NumberRange]? {
        guard field.kind == .range, var input = ByteReader(sealed: try bytes(field.detail))
        else { return nil }
        var ranges: [NumberRange] = []
        for _ in 0..<memberCount {
            guard let range = input.readRange() else { return nil }
            ranges.append(range)
        }
        return ranges
    }

    /// Which members may contain a line with that `id`; nil if nothing is known.
    func members(holding id: String) throws(SystemFault) -> [Bool]? {
        guard let filter else { return nil }
        let hash = Hash128(id).low
        let start = filterStart
        switch source {
        case .bytes(let all):
            return try filter.candidates(hash) { at, count throws(SystemFault) in
                Array(all[(start + at..<start + at + count).clamped(to: 0..<all.count)])
            }
        case .file(let path, let files):
            let file: LogFile
            do throws(SystemFault) { file = try files.openToRead(path) } catch {
                if error.isAbsence { return nil }
                throw error
            }
            defer { files.close(file) }
            files.expect(
                filter.parts(hash).map {
                    (path, start + $0.lowerBound..<start + $0.upperBound)
                })
            return try filter.candidates(hash) { at, count throws(SystemFault) in
                try files.read(file, at: start + at, count: count)
            }
        }
    }
}

extension ByteReader {
    fileprivate mutating func readRange() -> NumberRange? {
        guard let low = read(), let high = read() else { return nil }
        return NumberRange(low: Double(bitPattern: low), high: Double(bitPattern: high))
    }
}
