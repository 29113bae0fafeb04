import Events
import JSON

/// A hash table of groups, which finds the group of a line by the bytes of its grouping fields.
///
/// Building a key for each line would take most of the time per line. If a line's fields are
/// plain bytes and the search finds nothing, the group does not exist. The index of a group,
/// its slot, stays the same until a group is removed.
struct GroupTable: Sendable {
    /// The result of the search for the group of a line.
    enum Finding: Equatable {
        case group(Int)
        case none
        /// The bytes do not identify the group: a field has escapes, is not ASCII, is long, or is
        /// not a plain event field. Search by key instead.
        case unsure
    }

    private let names: [String]
    /// The event fields of `names`; nil if one of them cannot be compared by its bytes.
    private let fields: [EventField]?
    /// The groups by slot. Change elements in place; `insert` and `remove` update the index.
    var groups: [DigestMachine.Group] = []
    /// The hash of the key, by slot.
    private var hashes: [UInt64] = []
    /// A random odd number, different in each table.
    private let seed = UInt64.random(in: .min ... .max) | 1
    /// The values of the key's fields, by slot. Each value has its field and its length before
    /// it, so that a line is compared with one buffer.
    private var spellings: [[UInt8]] = []
    /// Open addressing with linear probing. Contains slot plus one, 0 if empty.
    private var buckets: [Int32] = Array(repeating: 0, count: 64)

    init(names: [String]) {
        var unique: [String] = []
        for name in names where !unique.contains(name) { unique.append(name) }
        self.names = unique
        let fields = unique.compactMap(EventField.init(grouping:))
        // A field's ordinal is one byte of a spelling.
        self.fields = fields.count == unique.count && fields.count < 255 ? fields : nil
    }

    // MARK: - Finding

    func place(of key: GroupKey) -> Int? {
        place(hash(of: key)) { groups[$0].live.key == key }
    }

    func place(of line: EventView) -> Finding {
        guard let fields else { return .unsure }
        var hash = seed
        var count = 0
        for (i, field) in fields.enumerated() {
            guard let slice = line[field] else { continue }
            guard let value = slice.plain(in: line.bytes), value.count <= Bounds.name else {
                return .unsure
            }
            if value.isEmpty { continue }
            count += 1
            let (combined, isASCII) = combine(value, ofField: i, into: hash)
            guard isASCII else { return .unsure }
            hash = combined
        }
        // Without any of the fields, the group is that of the node.
        guard count > 0 else { return .unsure }
        let found = place(hash) { isSpelling(spellings[$0], of: line, fields) }
        return found.map(Finding.group) ?? .none
    }

    private func isSpelling(
        _ spelling: [UInt8], of line: EventView, _ fields: [EventField]
    ) -> Bool {
        spelling.withUnsafeBytes { spelling in
            var at = 0
            for (i, field) in fields.enumerated() {
                guard let value = line.plain(field), !value.isEmpty else { continue }
                guard at + 3 + value.count <= spelling.count, spelling[at] == UInt8(i),
                    Int(spelling[at + 1]) << 8 | Int(spelling[at + 2]) == value.count,
                    spelling.holds(value, at: at + 3)
                else { return false }
                at += 3 + value.count
            }
            return at == spelling.count
        }
    }

    /// The buffer that a line is compared with. Matches no line if the key has a field that
    /// cannot be compared by its bytes.
    private func spelling(of key: GroupKey) -> [UInt8] {
        var spelling: [UInt8] = []
        for field in key.fields {
            let value = Array(field.value.utf8)
            let ordinal = names.firstIndex(of: field.name).flatMap { UInt8(exactly: $0) }
            guard let ordinal, value.count <= Bounds.name, value.allSatisfy({ $0 < 0x80 }) else {
                return [.max]
            }
            spelling += [ordinal, UInt8(value.count >> 8), UInt8(value.count & 0xFF)] + value
        }
        return spelling
    }

    private func place(_ hash: UInt64, _ isWanted: (Int) -> Bool) -> Int? {
        let mask = buckets.count - 1
        var bucket = Int(truncatingIfNeeded: hash) & mask
        while buckets[bucket] != 0 {
            let place = Int(buckets[bucket]) - 1
            if hashes[place] == hash, isWanted(place) { return place }
            bucket = (bucket + 1) & mask
        }
        return nil
    }

    /// The hash of a key, equal to that of the lines it is built from.
    private func hash(of key: GroupKey) -> UInt64 {
        var hash = seed
        for field in key.fields {
            let ordinal = names.firstIndex(of: field.name)
            var texts = ordinal == nil ? [field.name, field.value] : [field.value]
            for i in texts.indices {
                hash = texts[i].withUTF8 { bytes in
                    let bytes = UnsafeRawBufferPointer(bytes)
                    // Equal non-ASCII texts may have different bytes, but their hash is equal.
                    let (combined, isASCII) = combine(bytes, ofField: ordinal ?? -1, into: hash)
                    return isASCII
                        ? combined
                        : Self.fold(
                            hash ^ UInt64(truncatingIfNeeded: field.value.hashValue), seed)
                }
            }
        }
        return hash
    }

    /// Adds a value to a hash, 8 bytes at a time, by the step of wyhash (W. Yi 2019).
    ///
    /// The seed is secret, so that no sender can choose names that collide. Also returns whether
    /// all bytes are ASCII.
    @inline(__always)
    private func combine(
        _ value: UnsafeRawBufferPointer, ofField ordinal: Int, into hash: UInt64
    ) -> (UInt64, isASCII: Bool) {
        var hash = Self.fold(hash ^ UInt64(truncatingIfNeeded: ordinal << 32 | value.count), seed)
        var seen: UInt64 = 0
        var at = 0
        while at &+ 8 <= value.count {
            let word = value.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            seen |= word
            hash = Self.fold(hash ^ word, seed)
            at &+= 8
        }
        guard at < value.count else { return (hash, seen & 0x8080_8080_8080_8080 == 0) }
        var rest: UInt64 = 0
        if value.count >= 8 {
            rest = value.loadUnaligned(fromByteOffset: value.count &- 8, as: UInt64.self)
        } else {
            for byte in value { rest = rest &<< 8 | UInt64(byte) }
        }
        seen |= rest
        return (Self.fold(hash ^ rest, seed), seen & 0x8080_8080_8080_8080 == 0)
    }

    @inline(__always)
    private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low ^ a
    }

    // MARK: - Changing

    /// Adds a group whose key is not in the table; returns its slot.
    mutating func insert(_ group: DigestMachine.Group) -> Int {
        let place = groups.count
        groups.append(group)
        hashes.append(hash(of: group.live.key))
        spellings.append(spelling(of: group.live.key))
        if group.live.key == .overflow { overflow = place }
        if groups.count * 2 > buckets.count {
            fillBuckets(buckets.count * 2)
        } else {
            fill(place)
        }
        return place
    }

    /// The slot of the overflow group; nil if there is none.
    private(set) var overflow: Int?

    /// Removes the groups in `places`. Other groups may move to another slot.
    mutating func remove(_ places: some Sequence<Int>) {
        // From the end, so that only remaining groups move to the free slots.
        for place in places.sorted(by: >) {
            groups.swapAt(place, groups.count - 1)
            hashes.swapAt(place, hashes.count - 1)
            spellings.swapAt(place, spellings.count - 1)
            groups.removeLast()
            hashes.removeLast()
            spellings.removeLast()
        }
        fillBuckets(buckets.count)
        overflow = place(of: .overflow)
    }

    private mutating func fillBuckets(_ count: Int) {
        buckets = Array(repeating: 0, count: count)
        for place in groups.indices { fill(place) }
    }

    private mutating func fill(_ place: Int) {
        let mask = buckets.count - 1
        var bucket = Int(truncatingIfNeeded: hashes[place]) & mask
        while buckets[bucket] != 0 { bucket = (bucket + 1) & mask }
        buckets[bucket] = Int32(place + 1)
    }
}

extension EventField {
    /// The event field of this name, if its bytes in a line are its text.
    fileprivate init?(grouping name: String) {
        switch name {
        case "namespace": self = .namespace
        case "rollout": self = .rollout
        case "revision": self = .revision
        case "concern": self = .concern
        case "node": self = .node
        case "az": self = .az
        case "event": self = .event
        case "policy": self = .policy
        case "binary": self = .binary
        case "epoch": self = .epoch
        case "message": self = .message
        default: return nil
        }
    }
}
