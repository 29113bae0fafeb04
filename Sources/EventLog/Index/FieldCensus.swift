import Events
import JSON

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Statistics of a segment's lines for its index, collected while it is sealed.
///
/// Contains the values of top-level fields, the ranges of deltas and the hashes of ids. Not
/// thread-safe.
struct FieldCensus {
    private(set) var fields: [FieldTally] = []
    private(set) var deltas = DeltaTally()
    /// Hashes of the ids, for each finished member.
    private(set) var ids: [[UInt64]] = []
    /// Whether every id is a string without escapes.
    private(set) var idsAreRegular = true

    /// The time of the last line; nil if it has none, or its `ts` may be written twice.
    private(set) var moment: Timestamp?

    private var times = 0
    /// The number of the line that is noted.
    private var number: UInt64 = 0
    private var current: [UInt64] = []
    /// Index at which the next key is expected, since lines of one sender have the same order.
    private var hint = 0

    /// Maximum number of fields; further fields of a segment are ignored.
    private static let mostFields = 48

    /// Adds one line. Returns false if it is not a JSON object.
    mutating func note(_ line: UnsafeRawBufferPointer) -> Bool {
        hint = 0
        number &+= 1
        (moment, times) = (nil, 0)
        do throws(JSONFault) {
            try JSONScanner.members(of: line, limits: .event) { key, value throws(JSONFault) in
                note(key, value, in: line)
            }
            if times > 1 { moment = nil }
            return true
        } catch { return false }
    }

    private mutating func note(
        _ key: JSONScanner.Slice, _ value: JSONScanner.Slice, in line: UnsafeRawBufferPointer
    ) {
        let name = UnsafeRawBufferPointer(rebasing: line[key.range.dropFirst().dropLast()])
        if key.escaped || name.contains(UInt8(ascii: ".")) {
            // A path into the deltas may name this key.
            if key.text(in: line)?.hasPrefix("deltas") ?? true { deltas.silence() }
            // An escaped key may be another spelling of a counted field; discard that field.
            if key.escaped { escaped(key.text(in: line), in: line) }
            return
        }
        if key.equals("deltas", in: line) { return deltas.note(value, in: line) }
        if key.equals("ts", in: line) {
            moment = value.moment(in: line)
            times += 1
            return
        }
        if key.equals("id", in: line) { return noteID(value, in: line) }
        guard let place = place(of: name) else { return }
        // A line counts once, with one value, whatever it repeats: the index cannot say with which.
        if fields[place].lastLine == number { return fields[place].silence() }
        fields[place].lastLine = number
        fields[place].note(value, in: line)
    }

    private mutating func noteID(_ value: JSONScanner.Slice, in line: UnsafeRawBufferPointer) {
        guard value.kind == .string, !value.escaped else {
            idsAreRegular = false
            return
        }
        let text = UnsafeRawBufferPointer(rebasing: line[value.range.dropFirst().dropLast()])
        current.append(Hash128(text).low)
    }

    /// Discards the field that a key with escapes spells.
    private mutating func escaped(_ name: String?, in line: UnsafeRawBufferPointer) {
        // Two: another spelling of the key may follow.
        if name == "ts" { times += 2 }
        guard let name, name != "id" else {
            idsAreRegular = false
            return
        }
        let bytes = Array(name.utf8)
        bytes.withUnsafeBytes { raw in
            guard let place = place(of: raw) else { return }
            fields[place].silence()
        }
    }

    private mutating func place(of name: UnsafeRawBufferPointer) -> Int? {
        if hint < fields.count, Self.equal(fields[hint].key, name) {
            defer { hint += 1 }
            return hint
        }
        if let found = fields.firstIndex(where: { Self.equal($0.key, name) }) {
            hint = found + 1
            return found
        }
        guard fields.count < Self.mostFields, name.count <= 64 else { return nil }
        fields.append(FieldTally(key: Array(name), members: ids.count))
        hint = fields.count
        return fields.count - 1
    }

    private static func equal(_ key: [UInt8], _ name: UnsafeRawBufferPointer) -> Bool {
        guard key.count == name.count, let start = name.baseAddress else { return false }
        return memcmp(key, start, name.count) == 0
    }

    mutating func endMember() {
        for i in fields.indices { fields[i].endMember() }
        deltas.endMember()
        ids.append(current)
        current = []
    }
}
