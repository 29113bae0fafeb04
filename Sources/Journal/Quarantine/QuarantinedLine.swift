import Events
import JSONScan

/// A line that a reader skips because reading it ended the process.
public struct QuarantinedLine: Sendable, Equatable {
    let reader: LineReader
    /// The place after it.
    let end: LogPosition
    /// CRC-32 of its bytes.
    let checksum: UInt32
    /// How many processes ended.
    let crashes: Int
    /// What it is about; nil when even that could not be read.
    let names: Names?

    /// What the line is about, in its own words, each cut to 256 characters.
    public struct Names: Sendable, Equatable {
        var event: String?
        var namespace: String?
        var rollout: String?
        var revision: String?

        /// - Parameter what: What it is, in words, where it is no line. It names no rollout,
        ///   so that its report is no part of the group whose digest crashed the process.
        public init(what: String) { event = String(what.prefix(512)) }

        /// Reads the whole line as a tree, which none of the readers do.
        init(_ line: UnsafeRawBufferPointer) {
            guard
                let tree = try? JSONValue(
                    parsing: Array(line),
                    limits: JSONLimits(maxBytes: JournalConfiguration.maxLineBytes, maxDepth: 64))
            else { return }
            func text(_ name: String) -> String? {
                tree[name]?.string.map { String($0.prefix(256)) }
            }
            event = text("event")
            namespace = text("namespace")
            rollout = text("rollout")
            revision = text("revision")
        }
    }

    /// The event `log.quarantined`. Its id names reader and line, so that the log takes it once.
    ///
    /// - Parameters:
    ///   - line: Its first bytes become the member `line`.
    ///   - keptIn: The file that keeps the whole line; nil when there is no room in it.
    func event(
        node: String, at now: Timestamp, line: UnsafeRawBufferPointer, keptIn file: String?
    ) -> Event {
        let name = "\(node)\0\(reader.rawValue)\0\(end)\0\(checksum)"
        var what = names?.event ?? "a line"
        if let rollout = names?.rollout {
            what += " of " + (names?.namespace.map { $0 + "/" } ?? "") + rollout
        }
        let kept = file.map { "kept in \($0)" } ?? "not kept, quarantine/ is full"
        var extra: [JSONValue.Member] = [
            .init("reader", .string(reader.rawValue)), .init("position", .string(end.description)),
            .init("crashes", .number("\(crashes)")),
        ]
        if let event = names?.event { extra.append(.init("line_event", .string(event))) }
        if let file { extra.append(.init("kept_in", .string(file))) }
        extra.append(
            .init("line", .string(String(decoding: line.prefix(Self.shown), as: UTF8.self))))
        return Event(
            id: "quarantined-\(ContentHash.hex(name.utf8).prefix(24))", ts: now, level: .error,
            event: EventName.logQuarantined, node: node, namespace: names?.namespace,
            rollout: names?.rollout, revision: names?.revision,
            message:
                "\(what) ended the process \(crashes) times; reader \(reader.rawValue) skips it (\(kept))",
            extra: extra)
    }

    /// Bytes of the line in its event.
    private static let shown = 240
}
