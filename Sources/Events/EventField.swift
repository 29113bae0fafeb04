public import JSONScan

/// A member of an event line that the contract names, told by its key.
@frozen public enum EventField: UInt8, Sendable, CaseIterable {
    // Each case is spelled like its key.
    case id, ts, level, event, node, az, epoch, seq, namespace, rollout, revision, concern
    case attempt, status, deltas, reasons, message, policy, binary

    /// Whether the member holds a list that is looked into.
    @inlinable
    public static func isList(_ key: JSONScanner.Slice, in line: UnsafeRawBufferPointer) -> Bool {
        guard key.escaped else {
            return key.equals("deltas", in: line) || key.equals("reasons", in: line)
        }
        let field = Self(key, in: line)
        return field == .deltas || field == .reasons
    }

    /// The field of a key; nil for a sender's own.
    ///
    /// By length and first byte before comparing: most keys are decided by two loads.
    @inlinable
    public init?(_ key: JSONScanner.Slice, in line: UnsafeRawBufferPointer) {
        if key.escaped {
            guard let name = key.text(in: line), let field = Self.byName[name] else { return nil }
            self = field
            return
        }
        let count = key.range.count - 2
        guard count >= 2, count <= 9 else { return nil }
        @inline(__always) func named(_ word: StaticString, _ field: EventField) -> EventField? {
            key.equals(word, in: line) ? field : nil
        }
        let field: EventField? =
            switch (count, line[key.range.lowerBound + 1]) {
            case (2, UInt8(ascii: "i")): named("id", .id)
            case (2, UInt8(ascii: "t")): named("ts", .ts)
            case (2, UInt8(ascii: "a")): named("az", .az)
            case (3, UInt8(ascii: "s")): named("seq", .seq)
            case (4, UInt8(ascii: "n")): named("node", .node)
            case (5, UInt8(ascii: "l")): named("level", .level)
            case (5, UInt8(ascii: "e")): named("event", .event) ?? named("epoch", .epoch)
            case (6, UInt8(ascii: "s")): named("status", .status)
            case (6, UInt8(ascii: "d")): named("deltas", .deltas)
            case (6, UInt8(ascii: "p")): named("policy", .policy)
            case (6, UInt8(ascii: "b")): named("binary", .binary)
            case (7, UInt8(ascii: "r")): named("rollout", .rollout) ?? named("reasons", .reasons)
            case (7, UInt8(ascii: "c")): named("concern", .concern)
            case (7, UInt8(ascii: "a")): named("attempt", .attempt)
            case (7, UInt8(ascii: "m")): named("message", .message)
            case (8, UInt8(ascii: "r")): named("revision", .revision)
            case (9, UInt8(ascii: "n")): named("namespace", .namespace)
            default: nil
            }
        guard let field else { return nil }
        self = field
    }

    @usableFromInline
    static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.name, $0) })

    /// The key.
    public var name: String { "\(self)" }

    /// A set of fields in one word.
    @frozen public struct Seen: Sendable {
        @usableFromInline var bits: UInt32 = 0

        @inlinable
        public init() {}

        /// False when the field is there already.
        @inlinable @inline(__always)
        public mutating func insert(_ field: EventField) -> Bool {
            let bit = UInt32(1) << UInt32(field.rawValue)
            defer { bits |= bit }
            return bits & bit == 0
        }
    }
}
