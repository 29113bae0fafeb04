#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The hashes of `(node, epoch)` of lines before: a body's lines mostly come from one sender,
/// and hashing its names takes longer than comparing them.
///
/// Points into the body that the lines are of; lives no longer than that.
struct StreamNames {
    struct Names {
        let node: Hash128
        let stream: Hash128
    }

    private struct Entry {
        let node: UnsafeRawBufferPointer
        let epoch: UnsafeRawBufferPointer
        let names: Names
    }

    /// By a few bytes of both; one that comes later takes the place of one before.
    private var entries: [Entry?] = []
    private var last: Entry?
    private static let room = 256

    init() {}

    mutating func names(node: UnsafeRawBufferPointer, epoch: UnsafeRawBufferPointer) -> Names {
        if let last, Self.isSame(last, node, epoch) { return last.names }
        guard last != nil else {
            let entry = Self.entry(node, epoch)
            last = entry
            return entry.names
        }
        // More than one sender.
        if entries.isEmpty { entries = Array(repeating: nil, count: Self.room) }
        let place = Self.place(node, epoch)
        if let known = entries[place], Self.isSame(known, node, epoch) { return known.names }
        let entry = Self.entry(node, epoch)
        entries[place] = entry
        return entry.names
    }

    private static func entry(
        _ node: UnsafeRawBufferPointer, _ epoch: UnsafeRawBufferPointer
    ) -> Entry {
        let name = Hash128(node)
        return Entry(
            node: node, epoch: epoch,
            names: Names(
                node: name, stream: ScannedLine.stream(node: name, epoch: Hash128(epoch))))
    }

    private static func place(
        _ node: UnsafeRawBufferPointer, _ epoch: UnsafeRawBufferPointer
    ) -> Int {
        var mark = UInt(node.count)
        for byte in node.suffix(4) { mark = mark &* 31 &+ UInt(byte) }
        for byte in epoch.suffix(4) { mark = mark &* 31 &+ UInt(byte) }
        return Int(mark % UInt(room))
    }

    private static func isSame(
        _ entry: Entry, _ node: UnsafeRawBufferPointer, _ epoch: UnsafeRawBufferPointer
    ) -> Bool {
        isEqual(entry.node, node) && isEqual(entry.epoch, epoch)
    }

    private static func isEqual(
        _ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer
    ) -> Bool {
        guard a.count == b.count else { return false }
        guard let first = a.baseAddress, let second = b.baseAddress else { return true }
        return memcmp(first, second, a.count) == 0
    }
}
