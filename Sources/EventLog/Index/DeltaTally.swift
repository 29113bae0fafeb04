import JSON

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The smallest and largest `value` of each metric in `deltas`, for each member.
///
/// Valid only while every line has the form of an `Event` and there are at most 32 metrics. Any
/// other form, in which a dotted path could find a value elsewhere, discards the tally for the
/// whole segment.
struct DeltaTally {
    private(set) var isRegular = true
    private(set) var metrics: [(name: [UInt8], ranges: [NumberRange])] = []
    private var current: [NumberRange] = []
    private var members = 0

    private static let mostMetrics = 32

    mutating func silence() {
        isRegular = false
        (metrics, current) = ([], [])
    }

    /// Adds the `deltas` of one line.
    mutating func note(_ deltas: JSONScanner.Slice, in line: UnsafeRawBufferPointer) {
        guard isRegular else { return }
        switch deltas.kind {
        case .array: break
        case .object: return silence()
        default: return
        }
        // The line is already validated, so the scan cannot fail.
        try? JSONScanner.elements(of: deltas, in: line) { element throws(JSONFault) in
            guard isRegular else { return }
            guard element.kind == .object else { return silence() }
            try note(element: element, in: line)
        }
    }

    private mutating func note(
        element: JSONScanner.Slice, in line: UnsafeRawBufferPointer
    ) throws(JSONFault) {
        var metric: Range<Int>?
        var number: Double?
        var regular = true
        try JSONScanner.members(of: element, in: line) { key, value throws(JSONFault) in
            let name = line[key.range.dropFirst().dropLast()]
            if key.escaped || name.contains(UInt8(ascii: "."))
                || value.kind == .object || value.kind == .array
            {
                regular = false
            } else if key.equals("metric", in: line) {
                regular = regular && value.kind == .string && !value.escaped
                metric = value.range.dropFirst().dropLast()
            } else if key.equals("check", in: line) {
                // A path may also name an element by its `check`.
                regular = false
            } else if key.equals("value", in: line) {
                if value.kind == .number {
                    number = value.quickNumber(in: line)
                    regular = regular && number != nil
                } else if value.kind != .null {
                    regular = false
                }
            }
        }
        guard regular else { return silence() }
        guard let number else { return }
        let name = UnsafeRawBufferPointer(rebasing: line[metric ?? 0..<0])
        guard let place = place(of: name) else { return silence() }
        current[place].include(number)
    }

    private mutating func place(of name: UnsafeRawBufferPointer) -> Int? {
        for (i, metric) in metrics.enumerated() where metric.name.count == name.count {
            if name.elementsEqual(metric.name) { return i }
        }
        guard metrics.count < Self.mostMetrics, name.count <= 256 else { return nil }
        metrics.append((Array(name), Array(repeating: .none, count: members)))
        current.append(.none)
        return metrics.count - 1
    }

    mutating func endMember() {
        members += 1
        for i in metrics.indices {
            metrics[i].ranges.append(current[i])
            current[i] = .none
        }
    }
}
