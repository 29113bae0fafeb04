import Events
import JSON

/// A line that a reader skips because reading it ended the process.
public struct QuarantinedLine: Sendable, Equatable {
    let reader: LineReader
    /// The position after the line.
    let end: LogPosition
    /// CRC-32 of the line.
    let checksum: UInt32
    /// How many processes ended.
    let crashes: Int
    /// What the line is about; nil if even that could not be read.
    let names: Names?

    /// What the line is about: texts from the line, each cut to 256 characters.
    public struct Names: Sendable, Equatable {
        var event: String?
        var namespace: String?
        var rollout: String?
        var revision: String?

        /// Describes something other than a line. Contains no rollout, so that the report does not
        /// join the group whose digest ended the process.
        ///
        /// - Parameter what: A description, cut to 512 characters.
        public init(what: String) { event = String(what.prefix(512)) }

        /// Parses the whole line as a tree, unlike all readers.
        init(_ line: UnsafeRawBufferPointer) {
            guard
                let tree = try? JSONValue(
                    parsing: Array(line),
                    limits: JSONLimits(maxBytes: EventLogConfiguration.maxLineBytes, maxDepth: 64))
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

    /// The event `log.quarantined`. Its id depends on reader and line, so the log stores it once.
    ///
    /// - Parameters:
    ///   - line: The line; its first `shown` bytes become the member `line`.
    ///   - keptIn: The file with the whole line; nil if the line could not be saved.
    func event(
        node: String, at now: Timestamp, line: UnsafeRawBufferPointer, keptIn file: String?
    ) -> Event {
        let name = "\(node)\0\(reader.rawValue)\0\(end)\0\(checksum)"
        var what = names?.event ?? "a line"
        if let rollout = names?.rollout {
            what += " of " + (names?.namespace.map { $0 + "/" } ?? "") + rollout
        }
        let kept = file.map { "saved in \($0)" } ?? "not saved in quarantine/"
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

    /// The maximum of bytes of the line in its event.
    private static let shown = 240
}
