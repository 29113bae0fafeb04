import Events

/// The labels of one sample, as ranges of the page; valid only during the visit.
struct ExpositionLabels {
    struct Entry {
        let name: Range<Int>
        /// The text between the quotation marks, still escaped.
        let value: Range<Int>
        /// Whether `value` contains a backslash.
        let isEscaped: Bool
    }

    let bytes: UnsafeRawBufferPointer
    let entries: [Entry]
    /// The sample's own timestamp as on the page; nil if it has none.
    var time: Double?

    /// How long before `now` the sample was taken. nil without a timestamp, or for one that is no
    /// time.
    ///
    /// The text format has milliseconds, OpenMetrics seconds; their magnitudes do not overlap between
    /// 1973 and 5138.
    func age(at now: Timestamp) -> Duration? {
        guard let time, time.magnitude < 1e15 else { return nil }
        let milliseconds = Int64(saturating: time.magnitude < 1e11 ? time * 1000.0 : time)
        return now - Timestamp(milliseconds: milliseconds)
    }

    /// The unescaped value of the label `name`; nil if there is no such label.
    func value(of name: [UInt8]) -> [UInt8]? {
        entry(name).map { Self.unescaped(bytes, $0.value, escaped: $0.isEscaped) }
    }

    /// Whether the label `name` has this value. As in Prometheus, a missing label has the empty
    /// value.
    func matches(_ name: [UInt8], _ value: [UInt8]) -> Bool {
        guard let entry = entry(name) else { return value.isEmpty }
        return Self.equal(bytes, entry.value, escaped: entry.isEscaped, value)
    }

    /// Identifies the label set within this process, in any order: the sum of the labels' seeded
    /// hashes.
    var identity: UInt64 {
        entries.reduce(0) { sum, entry in
            var hasher = Hasher()
            hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: bytes[entry.name]))
            hasher.combine(UInt8(ascii: "="))
            hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: bytes[entry.value]))
            return sum &+ UInt64(bitPattern: Int64(hasher.finalize()))
        }
    }

    private func entry(_ name: [UInt8]) -> Entry? {
        entries.first { bytes[$0.name].elementsEqual(name) }
    }

    static func equal(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, escaped: Bool, _ text: [UInt8]
    ) -> Bool {
        if !escaped { return bytes[range].elementsEqual(text) }
        return unescaped(bytes, range, escaped: true) == text
    }

    /// Replaces `\\`, `\"` and `\n`; any other backslash is kept.
    private static func unescaped(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, escaped: Bool
    ) -> [UInt8] {
        guard escaped else { return Array(bytes[range]) }
        var out: [UInt8] = []
        var at = range.lowerBound
        while at < range.upperBound {
            let byte = bytes[at]
            at += 1
            guard byte == UInt8(ascii: "\\"), at < range.upperBound else {
                out.append(byte)
                continue
            }
            switch bytes[at] {
            case UInt8(ascii: "n"): out.append(UInt8(ascii: "\n"))
            case UInt8(ascii: "\\"), UInt8(ascii: "\""): out.append(bytes[at])
            default: out += [byte, bytes[at]]
            }
            at += 1
        }
        return out
    }
}
