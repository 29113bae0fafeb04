public import JSON

/// A member of an event line that the contract names, identified by its key.
@frozen public enum EventField: UInt8, Sendable, CaseIterable {
    // Each case is spelled like its key; `name` relies on it.
    case id, ts, level, event, node, az, epoch, seq, namespace, rollout, revision, concern
    case attempt, status, deltas, reasons, message, policy, binary

    /// Whether the member contains a list whose elements are read.
    @inlinable
    public static func isList(_ key: JSONScanner.Slice, in line: UnsafeRawBufferPointer) -> Bool {
        guard key.escaped else {
            return key.equals("deltas", in: line) || key.equals("reasons", in: line)
        }
        let field = Self(key, in: line)
        return field == .deltas || field == .reasons
    }

    /// Returns the field of a key, or nil for a key that the contract does not name.
    @inlinable
    public init?(_ key: JSONScanner.Slice, in line: UnsafeRawBufferPointer) {
        if key.escaped {
            guard let name = key.text(in: line), let field = Self.byName[name] else { return nil }
            self = field
            return
        }
        let count = key.range.count - 2
        guard count > 0 else { return nil }
        if count == 9 {
            guard key.equals("namespace", in: line) else { return nil }
            self = .namespace
            return
        }
        guard count <= 8 else { return nil }
        self.init(word: key.word(in: line))
    }

    /// Returns the field of an unescaped key of at most 8 bytes.
    ///
    /// - Parameter word: The key's bytes as a little-endian number, padded with zeros.
    @inlinable @inline(__always)
    public init?(word: UInt64) {
        switch word {
        case 0x6469: self = .id
        case 0x7374: self = .ts
        case 0x6C_6576_656C: self = .level
        case 0x74_6E65_7665: self = .event
        case 0x6564_6F6E: self = .node
        case 0x7A61: self = .az
        case 0x68_636F_7065: self = .epoch
        case 0x71_6573: self = .seq
        case 0x74_756F_6C6C_6F72: self = .rollout
        case 0x6E6F_6973_6976_6572: self = .revision
        case 0x6E_7265_636E_6F63: self = .concern
        case 0x74_706D_6574_7461: self = .attempt
        case 0x7375_7461_7473: self = .status
        case 0x7361_746C_6564: self = .deltas
        case 0x73_6E6F_7361_6572: self = .reasons
        case 0x65_6761_7373_656D: self = .message
        case 0x7963_696C_6F70: self = .policy
        case 0x7972_616E_6962: self = .binary
        default: return nil
        }
    }

    @usableFromInline
    static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.name, $0) })

    /// The field's key.
    public var name: String { "\(self)" }

    /// A set of fields in one word.
    @frozen public struct Seen: Sendable {
        @usableFromInline var bits: UInt32 = 0

        @inlinable
        public init() {}

        /// Adds a field; returns false if it was already in the set.
        @inlinable @inline(__always)
        public mutating func insert(_ field: EventField) -> Bool {
            let bit = UInt32(1) << UInt32(field.rawValue)
            defer { bits |= bit }
            return bits & bit == 0
        }
    }
}
