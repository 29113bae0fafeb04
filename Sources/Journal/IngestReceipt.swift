public import Events

/// What became of the lines of one body.
public struct IngestReceipt: Sendable, Equatable {
    public struct Rejection: Sendable, Equatable {
        /// Counted from 1, blank lines included.
        public let line: Int
        public let error: EventFault
    }

    /// New lines, durable by now.
    public var accepted: Int
    /// Lines that the log held already.
    public var duplicates: Int
    /// The first rejected lines, at most `listed`; `rejectedTotal` counts all.
    public var rejected: [Rejection]
    /// Exact, also beyond what `rejected` lists.
    public var rejectedTotal: Int
    /// Lines given up for want of room, by kind; not acknowledged, not to be sent again.
    public var shed = KindCounts()
    /// A place after every accepted line.
    public var end: LogPosition

    /// Rejected lines that a receipt lists: a body of 8 MiB can hold four million.
    public static let listed = 100
}

/// A body cut into lines, each validated: nothing is written or counted yet.
public struct IngestBody: Sendable {
    let bytes: [UInt8]
    private(set) var lines: [AppendRequest.Line] = []
    /// The first ones, at most `IngestReceipt.listed`.
    private(set) var rejected: [IngestReceipt.Rejection] = []
    private(set) var rejectedTotal = 0
    /// The node of the first line that names one.
    private(set) var sender: Hash128?
    /// As of `AppendRequest`.
    private(set) var checksum: UInt32?
    /// The writer sums up a shorter one about as fast as it adds two sums.
    private static let summedFrom = 32 << 10

    /// What is held beside the bytes of the body.
    public var tableBytes: Int { lines.capacity * MemoryLayout<AppendRequest.Line>.stride }

    /// Whether any line is good.
    public var hasEvents: Bool { !lines.isEmpty }

    /// Validates newline-delimited JSON that this node made itself. Blank lines are passed over.
    public init(_ body: [UInt8]) { self.init(body, refusing: nil) }

    /// - Parameter node: Lines of this node are rejected.
    init(_ body: [UInt8], refusing node: Hash128?) {
        bytes = body
        body.withUnsafeBytes { bytes in
            lines.reserveCapacity(bytes.count / 400)
            var number = 0
            var isWhole = true
            bytes.forEachLine { line, start in
                number += 1
                if line.first != UInt8(ascii: "{"),
                    line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D })
                {
                    return
                }
                do throws(EventFault) {
                    let scanned = try ScannedLine(line, from: .sender)
                    if let node, scanned.node == node { throw .ownNode }
                    if let last = lines.last, last.range.upperBound + 1 != start { isWhole = false }
                    lines.append(
                        AppendRequest.Line(
                            range: start..<(start + line.count), key: scanned.key,
                            kind: scanned.kind))
                    if sender == nil { sender = scanned.node }
                } catch {
                    rejectedTotal += 1
                    if rejected.count < IngestReceipt.listed {
                        rejected.append(IngestReceipt.Rejection(line: number, error: error))
                    }
                }
            }
            if isWhole, let first = lines.first, let last = lines.last,
                last.range.upperBound - first.range.lowerBound >= Self.summedFrom
            {
                let run = first.range.lowerBound..<last.range.upperBound
                let sum = Checksum.crc32(UnsafeRawBufferPointer(rebasing: bytes[run]))
                checksum = withUnsafeBytes(of: UInt8(ascii: "\n")) {
                    Checksum.crc32($0, continuing: sum)
                }
            }
        }
    }
}
