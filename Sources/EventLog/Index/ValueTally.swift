import Events
import JSON

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Counts lines by the value of a field, compared by the value's source bytes.
struct ValueTally: Sendable {
    /// `line` is the number of the last line of `note` that the row counts.
    private var rows: [(raw: [UInt8], lines: Int, line: UInt64)] = []
    private var places: [UInt64: Int] = [:]
    private var absent = 0
    /// Number of lines; those with several values are counted once.
    private(set) var lines = 0
    /// Number of lines that `note` counted value by value.
    private var noted: UInt64 = 0
    /// The row of the last value: adjacent lines often have the same one.
    private var last = 0
    /// The bytes that the rows may take, by an estimate.
    private let mostBytes: Int
    private var bytes = 0
    /// Whether there are more values than fit. The counts are then wrong.
    private(set) var isOver = false

    /// What a row takes besides its value.
    private static let rowBytes = 96

    init(mostBytes: Int = .max) { self.mostBytes = mostBytes }

    /// Counts one line for each value of `path` in it; for a list, for each of its elements.
    mutating func note(_ path: FieldPath, in line: UnsafeRawBufferPointer) {
        lines +|= 1
        noted &+= 1
        var isAbsent = true
        if let name = path.only {
            if let found = LineMember.first(name, in: line) {
                guard found.kind == .array else {
                    return add(UnsafeRawBufferPointer(rebasing: line[found.range]), 1)
                }
                noteEach(found, in: line, &isAbsent)
            }
        } else if let root = try? JSONScanner.validate(line, limits: .event) {
            path.visit(root, in: line) { noteEach($0, in: line, &isAbsent) }
        }
        if isAbsent { absent +|= 1 }
    }

    private mutating func noteEach(
        _ value: JSONScanner.Slice, in line: UnsafeRawBufferPointer, _ isAbsent: inout Bool
    ) {
        guard value.kind != .array else {
            try? JSONScanner.elements(of: value, in: line) { element throws(JSONFault) in
                noteEach(element, in: line, &isAbsent)
            }
            return
        }
        isAbsent = false
        let place = row(of: UnsafeRawBufferPointer(rebasing: line[value.range]))
        guard rows[place].line != noted else { return }
        rows[place].line = noted
        rows[place].lines +|= 1
    }

    /// Counts lines with a value in its source form; nil for lines without the value.
    mutating func add(_ raw: [UInt8]?, _ lines: Int) {
        self.lines +|= max(0, lines)
        if let raw { raw.withUnsafeBytes { add($0, lines) } } else { absent +|= lines }
    }

    mutating func add(_ other: ValueTally) {
        isOver = isOver || other.isOver
        guard !isOver else { return }
        for row in other.rows { row.raw.withUnsafeBytes { add($0, row.lines) } }
        absent +|= other.absent
        lines +|= other.lines
    }

    private mutating func add(_ raw: UnsafeRawBufferPointer, _ lines: Int) {
        guard lines > 0 else { return }
        let place = row(of: raw)
        rows[place].lines +|= lines
    }

    /// The index of the value's row, which is added if there is none.
    private mutating func row(of raw: UnsafeRawBufferPointer) -> Int {
        if last < rows.count, isRow(last, raw) { return last }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in raw { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        while let place = places[hash] {
            if isRow(place, raw) {
                last = place
                return place
            }
            // Another value with the same hash: try the next key.
            hash = hash &+ 1
        }
        bytes +|= raw.count +| Self.rowBytes
        if bytes > mostBytes, !rows.isEmpty {
            isOver = true
            return last
        }
        places[hash] = rows.count
        last = rows.count
        rows.append((Array(raw), 0, 0))
        return last
    }

    private func isRow(_ place: Int, _ raw: UnsafeRawBufferPointer) -> Bool {
        rows[place].raw.count == raw.count && raw.holds(rows[place].raw, at: 0)
    }

    /// Line counts by the value's text; nil for lines where the value is missing or `null`.
    var texts: [String?: Int] {
        var texts: [String?: Int] = [:]
        if absent > 0 { texts[nil] = absent }
        for row in rows { texts[Self.text(of: row.raw), default: 0] +|= row.lines }
        return texts
    }

    private static func text(of raw: [UInt8]) -> String? {
        raw.withUnsafeBytes { bytes in
            guard let slice = try? JSONScanner.validate(bytes, limits: .event),
                slice.kind != .null
            else { return nil }
            return slice.text(in: bytes) ?? slice.raw(in: bytes)
        }
    }
}
