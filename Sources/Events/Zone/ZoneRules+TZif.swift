extension ZoneRules {
    /// Reads a TZif file of version 2 or later (RFC 9636 §3); nil for anything else.
    public init?(name: String, tzif bytes: [UInt8]) {
        var reader = TZifReader(bytes: bytes)
        guard !name.isEmpty, let short = reader.header(), short.version >= UInt8(ascii: "2"),
            reader.skip(short.size(ofTime: 4)), let header = reader.header(),
            header.types > 0, header.times <= 100_000
        else { return nil }
        var changes: [Int64] = []
        for _ in 0..<header.times {
            guard let change = reader.integer(8) else { return nil }
            // Two changes in one moment, or one before another, are no order.
            if let last = changes.last, change < last { return nil }
            changes.append(change)
        }
        var kinds: [Int] = []
        for _ in 0..<header.times {
            guard let kind = reader.integer(1).map({ Int($0 & 0xFF) }), kind < header.types else {
                return nil
            }
            kinds.append(kind)
        }
        var offsets: [Int] = []
        for _ in 0..<header.types {
            guard let offset = reader.integer(4), abs(offset) < 26 * 3600, reader.skip(2) else {
                return nil
            }
            offsets.append(Int(offset))
        }
        guard reader.skip(header.sizeBehindTypes), let footer = reader.footer() else { return nil }
        var yearly: YearlyRule?
        if !footer.isEmpty {
            guard let rule = YearlyRule(footer) else { return nil }
            yearly = rule
        }
        self.init(
            name: name, changes: changes, offsets: kinds.map { offsets[$0] }, first: offsets[0],
            yearly: yearly)
    }
}

private struct TZifReader {
    let bytes: [UInt8]
    var at = 0

    struct Header {
        let version: UInt8
        let utFlags, standardFlags, leaps, times, types, characters: Int

        /// - Parameter ofTime: bytes of one time, 4 in the first block.
        func size(ofTime: Int) -> Int {
            times * (ofTime + 1) + types * 6 + characters + leaps * (ofTime + 4) + standardFlags
                + utFlags
        }

        /// In a block of 8-byte times.
        var sizeBehindTypes: Int { characters + leaps * 12 + standardFlags + utFlags }
    }

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func skip(_ count: Int) -> Bool {
        guard count >= 0, count <= bytes.count - at else { return false }
        at += count
        return true
    }

    /// Big-endian, signed.
    mutating func integer(_ size: Int) -> Int64? {
        guard size <= bytes.count - at else { return nil }
        let first = Int64(Int8(bitPattern: bytes[at]))
        let value = bytes[(at + 1)..<(at + size)].reduce(first) { $0 << 8 | Int64($1) }
        at += size
        return value
    }

    mutating func header() -> Header? {
        guard bytes.count - at >= 44, bytes[at..<(at + 4)].elementsEqual("TZif".utf8) else {
            return nil
        }
        let version = bytes[at + 4]
        at += 20
        var counts: [Int] = []
        for _ in 0..<6 {
            guard let count = integer(4), (0...1_000_000).contains(count) else { return nil }
            counts.append(Int(count))
        }
        return Header(
            version: version, utFlags: counts[0], standardFlags: counts[1], leaps: counts[2],
            times: counts[3], types: counts[4], characters: counts[5])
    }

    /// The text between the line feeds at the end.
    mutating func footer() -> String? {
        guard at < bytes.count, bytes[at] == 0x0A,
            let end = bytes[(at + 1)...].firstIndex(of: 0x0A)
        else { return nil }
        return String(decoding: bytes[(at + 1)..<end], as: UTF8.self)
    }
}
