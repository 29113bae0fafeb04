import JSONScan

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What the lines of a segment hold, gathered while it is sealed: values of its
/// top-level fields, ranges of its deltas, hashes of its ids. Not thread-safe.
struct FieldCensus {
    private(set) var fields: [FieldTally] = []
    private(set) var deltas = DeltaTally()
    /// Per ended member.
    private(set) var ids: [[UInt64]] = []
    /// Whether every id is a plain string.
    private(set) var idsAreRegular = true

    private var current: [UInt64] = []
    /// Where the next key is expected: lines of one sender have one order.
    private var hint = 0

    /// Further fields of a segment are not looked at.
    private static let mostFields = 48

    /// Notes one line. Returns false for a line that isn't one JSON object.
    mutating func note(_ line: UnsafeRawBufferPointer) -> Bool {
        hint = 0
        do throws(JSONFault) {
            try JSONScanner.members(of: line, limits: .event) { key, value throws(JSONFault) in
                note(key, value, in: line)
            }
            return true
        } catch { return false }
    }

    private mutating func note(
        _ key: JSONScanner.Slice, _ value: JSONScanner.Slice, in line: UnsafeRawBufferPointer
    ) {
        let name = UnsafeRawBufferPointer(rebasing: line[key.range.dropFirst().dropLast()])
        if key.escaped || name.contains(UInt8(ascii: ".")) {
            // It may be what a path into the deltas means.
            if key.text(in: line)?.hasPrefix("deltas") ?? true { deltas.silence() }
            // Or another spelling of a field that is counted: say nothing of it then.
            if key.escaped { escaped(key.text(in: line), in: line) }
            return
        }
        if key.equals("deltas", in: line) { return deltas.note(value, in: line) }
        if key.equals("ts", in: line) { return }
        if key.equals("id", in: line) { return noteID(value, in: line) }
        guard let place = place(of: name) else { return }
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

    /// A field spelled with escapes somewhere is left out.
    private mutating func escaped(_ name: String?, in line: UnsafeRawBufferPointer) {
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
