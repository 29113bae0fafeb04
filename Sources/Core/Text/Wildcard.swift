/// A pattern in which `*` stands for any text. Compares bytes.
public struct Wildcard: Sendable, Hashable {
    private let pattern: [UInt8]
    private let hasPlaceholder: Bool

    /// - Parameter hasPlaceholder: Whether `?` stands for any one byte, instead of itself.
    public init(_ pattern: String, hasPlaceholder: Bool = false) {
        self.pattern = Array(pattern.utf8)
        self.hasPlaceholder = hasPlaceholder
    }

    /// The longest text without a `*`, which every text that fits contains; empty if there is none.
    /// Only for a pattern without placeholders.
    public var longestPart: [UInt8] {
        pattern.split(separator: UInt8(ascii: "*")).max { $0.count < $1.count }.map(Array.init)
            ?? []
    }

    /// Whether the whole text fits. Takes at most the product of the lengths: only the last `*` is
    /// tried again.
    public func matches(_ text: UnsafeRawBufferPointer) -> Bool {
        var (at, place) = (0, 0)
        // Where to continue if the rest does not fit: after the last `*`, one byte later.
        var retry: (at: Int, place: Int)?
        while true {
            if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
                place += 1
                retry = (at, place)
            } else if at < text.count, place < pattern.count,
                pattern[place] == text[at] || hasPlaceholder && pattern[place] == UInt8(ascii: "?")
            {
                at += 1
                place += 1
            } else if at == text.count, place == pattern.count {
                return true
            } else if let last = retry, last.at < text.count {
                (at, place) = (last.at + 1, last.place)
                retry = (at, place)
            } else {
                return false
            }
        }
    }

    public func matches(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { matches(UnsafeRawBufferPointer($0)) }
    }
}
