public import Events
import JSON

/// One object of the shared log, `log/<number>`: who wrote it, and lines of its event log.
///
/// Objects are numbered from 1 without gaps, and each is created once. The text form is a head (one
/// JSON line) and the lines as they are; stored as gzip.
public struct LogObject: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        /// Lines of the leader's event log.
        case data
        /// No lines: the leader is alive.
        case beat
        /// No lines: the writer leads from this object on, in a new term.
        case takeover
        /// No lines: the writer no longer leads.
        case farewell
    }

    /// The number of the object in the log.
    public var number: UInt64
    public var kind: Kind
    /// The id of the cluster, which is fixed by the object `cluster`.
    public var cluster: String
    /// Counts the takeovers; from 1.
    public var term: UInt64
    /// A random name of the writer; each life of a node has its own.
    public var writer: String
    /// The writer's node, for people.
    public var node: String
    /// The writer's configuration and executable; empty in objects of older releases.
    public var version: NodeVersion
    /// Where the lines start in the writer's event log.
    public var from: LogPosition
    /// Where they end.
    public var to: LogPosition
    /// Whole lines, each with its newline.
    public var lines: [UInt8]
    /// The writer's lease in milliseconds; nil of a node without a peer.
    public var lease: UInt64?

    /// The version of the text form.
    static let format: Int64 = 1
    /// The most bytes of an object's text.
    public static let largest = 8 << 20
    /// The most bytes of its head.
    static let largestHead = 4 << 10

    public init(
        number: UInt64, kind: Kind, cluster: String, term: UInt64, writer: String, node: String,
        version: NodeVersion = NodeVersion(), from: LogPosition, to: LogPosition,
        lines: [UInt8] = [], lease: UInt64? = nil
    ) {
        self.number = number
        self.kind = kind
        self.cluster = cluster
        self.term = term
        self.writer = writer
        self.node = node
        self.version = version
        self.from = from
        self.to = to
        self.lines = lines
        self.lease = lease
    }

    // MARK: - Name

    /// The folder of all objects.
    public static let folder = "log/"

    /// `log/` and the number with 20 digits, so that names sort as numbers do.
    public static func name(_ number: UInt64) -> String {
        let digits = String(number)
        return folder + String(repeating: "0", count: 20 - digits.count) + digits
    }

    /// The numbers of objects. A higher one was not written by a node.
    static let numbers: ClosedRange<UInt64> = 1...(1 << 53)

    /// The number in a name of the form of `name(_:)`; nil for every other name.
    public static func number(of name: String) -> UInt64? {
        guard name.hasPrefix(folder), let number = UInt64(name.dropFirst(folder.count)),
            numbers.contains(number), self.name(number) == name
        else { return nil }
        return number
    }

    // MARK: - Text

    /// The head and the lines.
    public var text: [UInt8] {
        var json = JSONWriter(capacity: 512 + lines.count)
        json.object { json in
            json.member("log", kind.rawValue)
            json.key("format")
            json.value(Self.format)
            json.key("number")
            json.value(number)
            json.member("cluster", cluster)
            json.key("term")
            json.value(term)
            json.member("writer", writer)
            json.member("node", node)
            if !version.policy.isEmpty { json.member("policy", version.policy) }
            if !version.binary.isEmpty { json.member("binary", version.binary) }
            if let lease {
                json.key("lease_ms")
                json.value(lease)
            }
            json.member("from", from.description)
            json.member("to", to.description)
            json.member("bytes", lines.count)
            json.member("sha256", ContentHash.hex(lines))
        }
        return json.bytes + [UInt8(ascii: "\n")] + lines
    }

    /// Reads the text form.
    public init(text: [UInt8]) throws(LogObjectFault) {
        guard text.count <= Self.largest,
            let end = text.prefix(Self.largestHead).firstIndex(of: UInt8(ascii: "\n"))
        else { throw .unreadable("it has no head") }
        let head: JSONValue
        do throws(JSONFault) {
            head = try JSONValue(
                parsing: Array(text[..<end]),
                limits: JSONLimits(maxBytes: Self.largestHead, maxDepth: 2))
        } catch { throw .unreadable("its head is not JSON: \(error)") }
        guard let format = head["format"]?.integer else {
            throw .unreadable("its head has no format")
        }
        guard format == Self.format else { throw .newer(format) }
        guard let kind = head["log"]?.string.flatMap(Kind.init),
            let number = Self.count(head["number"]), let term = Self.count(head["term"]),
            let cluster = head["cluster"]?.string, let writer = head["writer"]?.string,
            let node = head["node"]?.string,
            let from = head["from"]?.string.flatMap({ LogPosition($0) }),
            let to = head["to"]?.string.flatMap({ LogPosition($0) }),
            let bytes = head["bytes"]?.integer, let hash = head["sha256"]?.string
        else { throw .unreadable("a member of its head is missing") }
        let lines = Array(text[(end + 1)...])
        guard Int64(lines.count) == bytes, ContentHash.hex(lines) == hash else {
            throw .damaged
        }
        guard max(from.segment, to.segment) <= Self.positions.segment,
            max(from.offset, to.offset) <= Self.positions.offset
        else { throw .unreadable("its lines have positions that no log has") }
        guard from <= to, lines.isEmpty == (kind != .data),
            lines.isEmpty || lines.last == UInt8(ascii: "\n")
        else { throw .unreadable("its lines do not fit its head") }
        self.init(
            number: number, kind: kind, cluster: cluster, term: term, writer: writer, node: node,
            version: NodeVersion(
                policy: head["policy"]?.string ?? "", binary: head["binary"]?.string ?? ""),
            from: from, to: to, lines: lines, lease: Self.count(head["lease_ms"]))
    }

    /// Above the positions of every log: one more segment has a number, too.
    private static let positions = LogPosition(segment: 1 << 52, offset: 1 << 53)

    private static func count(_ value: JSONValue?) -> UInt64? {
        value?.integer.flatMap { UInt64(exactly: $0) }.flatMap { numbers.contains($0) ? $0 : nil }
    }
}

/// Why an object of the log cannot be read.
public enum LogObjectFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// A newer version wrote it, in this format.
    case newer(Int64)
    /// Its lines differ from those that were written.
    case damaged
    /// It is no object of the log.
    case unreadable(String)

    public var description: String {
        switch self {
        case .newer(let format):
            "a newer version of Bellwether wrote it (format \(format)); update this node"
        case .damaged: "its lines differ from those that were written; check the store"
        case .unreadable(let why):
            "it is no object of the log (\(why)); check that nothing else writes below this prefix"
        }
    }
}
