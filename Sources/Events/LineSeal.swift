import Core

/// Authenticates lines that a node wrote itself, so that it recognizes them after a restart.
///
/// A sealed line is an event's line whose last member is `"mac":"…"`: 32 hexadecimal digits, the
/// first half of HMAC-SHA256 (RFC 2104 §5) over the line without that member. Without the key,
/// nobody can create a sealed line or change a byte of one. Thread-safe.
public struct LineSeal: Sendable {
    /// The length of a key in bytes.
    public static let keyBytes = 32
    private static let digits = 32
    /// `,"mac":"` and `"}` around the digits.
    private static let opening = Array(#","mac":""#.utf8)
    private static let closing = Array(#""}"#.utf8)
    private static var length: Int { opening.count + digits + closing.count }

    private let key: HMACKey

    /// - Parameter key: `keyBytes` random bytes.
    public init(key: [UInt8]) { self.key = HMACKey(key) }

    /// Returns the line with its MAC. `line` must be one JSON object with at least one member.
    public func seal(_ line: [UInt8]) -> [UInt8] {
        let mac = key.code(for: line)
        var sealed: [UInt8] = []
        sealed.reserveCapacity(line.count + Self.length)
        sealed += line
        sealed.removeLast()
        sealed += Self.opening
        sealed += ContentHash.hexDigits(mac.prefix(Self.digits / 2)).utf8
        sealed += Self.closing
        return sealed
    }

    /// Whether `seal` made this line with the same key. Compares MACs in constant time.
    public func verifies(_ line: [UInt8]) -> Bool {
        let start = line.count - Self.length
        guard start > 1, line[start...].starts(with: Self.opening),
            line.suffix(Self.closing.count) == Self.closing[...]
        else { return false }
        let plain = line[..<start] + [UInt8(ascii: "}")]
        let mac = key.code(for: Array(plain))
        let wanted = ContentHash.hexDigits(mac.prefix(Self.digits / 2)).utf8
        let shown = line[(start + Self.opening.count)...].prefix(Self.digits)
        return zip(wanted, shown).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
