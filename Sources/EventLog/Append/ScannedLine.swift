import Events
import JSON

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The values of a line that the log uses, found in one pass without a tree.
struct ScannedLine: Sendable, Equatable {
    /// Identifies an event; a second line with the same key is a duplicate.
    enum Key: Sendable, Equatable {
        /// The line has neither a sequence nor an id.
        case none
        /// `stream` identifies `(node, epoch)`.
        case sequence(stream: Hash128, seq: UInt64)
        /// See `idKey`.
        case id(Hash128)
    }

    var ts: Timestamp
    var key: Key
    /// Hash of `node`; nil if the line has none.
    var node: Hash128?
    /// The importance of the line under pressure.
    var kind: LineKind
    /// Whether only the node itself writes lines with the event's name.
    var isReserved: Bool

    init(ts: Timestamp, key: Key, node: Hash128?, kind: LineKind, isReserved: Bool = false) {
        self.ts = ts
        self.key = key
        self.node = node
        self.kind = kind
        self.isReserved = isReserved
    }

    /// Validates one line, without its newline, by the rules of `Event.init(line:from:)`.
    init(
        _ line: UnsafeRawBufferPointer, from origin: LineOrigin = .sender
    ) throws(EventFault) {
        var fields = Fields(origin: origin)
        var fault: EventFault?
        var others = KeyFilter()
        do throws(JSONFault) {
            try JSONScanner.members(of: line, limits: .newEvent) { key in
                EventField.isList(key, in: line)
            } _: { key, element throws(JSONFault) in
                try fields.note(element, of: key, in: line)
            } visit: { key, value throws(JSONFault) in
                guard let field = EventField(key, in: line) else {
                    others.note(key, in: line)
                    fields.noteCount(key, value, in: line)
                    return
                }
                guard fields.seen.insert(field) else {
                    throw JSONFault(.duplicateKey, at: key.range.lowerBound)
                }
                // The first fault is reported, but the scan continues: invalid JSON has precedence.
                guard fault == nil else { return }
                do throws(EventFault) {
                    try fields.read(field, value, in: line)
                } catch { fault = error }
            }
            if others.isInDoubt {
                let whole = try JSONScanner.validate(line, limits: .event)
                try JSONScanner.refuseRepeatedKeys(of: whole, in: line)
            }
        } catch { throw .json(error) }
        if let fault { throw fault }
        guard let ts = fields.ts else { throw .missing(field: "ts") }
        guard fields.named else { throw .missing(field: "event") }
        if let fault = fields.countFault(in: line) { throw fault }
        self.ts = ts
        node = fields.node
        kind = fields.kind ?? fields.weight ?? .degraded
        isReserved = fields.isReserved
        if let node = fields.node, let epoch = fields.epoch, let seq = fields.seq {
            key = .sequence(stream: Self.stream(node: node, epoch: epoch), seq: seq)
        } else if let id = fields.idBytes(in: line) {
            key = id.withUnsafeBytes { Self.idKey($0, node: fields.node, of: line) }
        } else {
            key = .none
        }
    }

    init(_ line: [UInt8], from origin: LineOrigin = .sender) throws(EventFault) {
        let result = line.withUnsafeBytes { bytes -> Result<ScannedLine, EventFault> in
            do throws(EventFault) {
                return .success(try ScannedLine(bytes, from: origin))
            } catch {
                return .failure(error)
            }
        }
        self = try result.get()
    }

    /// The key of a line with an `id` and no sequence.
    ///
    /// Ids of other sources may repeat, so a line with the same id but any other byte, such as
    /// another node, is another event. Ids of our own hooks identify an event of their node
    /// whatever the other bytes: a repeat has another receipt time.
    static func idKey(
        _ id: UnsafeRawBufferPointer, node: Hash128?, of line: UnsafeRawBufferPointer
    ) -> Key {
        let isHook = id.starts(with: HookIdentifier.prefix.utf8)
        return .id(isHook ? Hash128(id, key: node ?? Hash128(high: 0, low: 0)) : Hash128(line))
    }

    static func stream(node: Hash128, epoch: Hash128) -> Hash128 {
        Hash128(high: node.high &+ epoch.low, low: node.low ^ epoch.high)
    }
}

private struct Fields {
    let origin: LineOrigin
    var seen = EventField.Seen()
    var ts: Timestamp?
    var named = false
    /// Used only if the line has no sequence.
    private var id: JSONScanner.Slice?
    var node: Hash128?
    var epoch: Hash128?
    var seq: UInt64?
    /// From the event's name; nil for names without a fixed kind.
    var kind: LineKind?
    /// Whether only the node itself writes lines with the event's name.
    var isReserved = false
    /// From the level.
    var weight: LineKind?
    private var event: JSONScanner.Slice?
    /// Other members that are out of range if the event's name makes them counts.
    private var outside: [(member: CountMember, fault: EventFault)] = []
    /// Whether the current list has an element without its naming member.
    private var hasUnnamed = false

    init(origin: LineOrigin) { self.origin = origin }

    mutating func noteCount(
        _ key: JSONScanner.Slice, _ value: JSONScanner.Slice, in line: UnsafeRawBufferPointer
    ) {
        guard origin == .sender, value.kind == .number, let member = CountMember(key, in: line),
            let fault = member.fault(of: value, in: line)
        else { return }
        outside.append((member, fault))
    }

    /// The fault of the first out-of-range member that is a count in events of this name.
    func countFault(in line: UnsafeRawBufferPointer) -> EventFault? {
        guard !outside.isEmpty, let name = event?.text(in: line) else { return nil }
        return outside.first { $0.member.isCount(inEventsNamed: name) }?.fault
    }

    mutating func read(
        _ field: EventField, _ value: JSONScanner.Slice, in line: UnsafeRawBufferPointer
    ) throws(EventFault) {
        // Null counts as absent for every field.
        guard value.kind != .null else { return }
        switch field {
        case .ts: ts = try moment(value, in: line)
        case .event:
            try text(field, value)
            guard !value.equals("log.commit", in: line) else {
                throw .invalid(
                    field: "event", expected: "another name: log.commit is the log's own")
            }
            event = value
            named = value.kind == .number || value.range.count > 2
            let known = EventName.kind(value, in: line)
            kind = known.flatMap(LineKind.init)
            isReserved = known?.isReserved ?? false
        case .id:
            try text(field, value)
            id = value
        case .node: node = try hash(field, value, in: line)
        case .epoch: epoch = try hash(field, value, in: line)
        case .seq: seq = try sequence(value, in: line)
        case .az, .namespace, .rollout, .revision, .concern, .message, .policy, .binary:
            try text(field, value)
        case .level:
            try text(field, value)
            guard
                value.equals("info", in: line) || value.equals("error", in: line)
                    || value.equals("warn", in: line) || value.equals("debug", in: line)
            else {
                throw .outside(
                    field: "level", expected: SenderForm.expectedLevel, value: value, in: line)
            }
            weight =
                value.equals("error", in: line)
                ? .failure : value.equals("warn", in: line) ? .degraded : .healthy
        case .status:
            try text(field, value)
            guard
                value.kind == .string && value.range.count == 2
                    || value.equals("healthy", in: line)
                    || value.equals("unhealthy", in: line) || value.equals("degraded", in: line)
                    || value.equals("unknown", in: line)
            else {
                throw .outside(
                    field: "status", expected: "one of healthy, degraded, unknown, unhealthy",
                    value: value, in: line)
            }
        case .attempt: try count(field, value, in: line)
        case .deltas: try list(field, value, naming: "metric")
        case .reasons: try list(field, value, naming: "check")
        }
    }

    private func text(_ field: EventField, _ value: JSONScanner.Slice) throws(EventFault) {
        guard value.kind == .string || value.kind == .number else {
            throw .invalid(field: field.name, expected: "a string")
        }
    }

    private func hash(
        _ field: EventField, _ value: JSONScanner.Slice, in line: UnsafeRawBufferPointer
    ) throws(EventFault) -> Hash128? {
        try text(field, value)
        if value.escaped { return value.text(in: line).map { Hash128($0) } }
        let inner = value.kind == .string ? value.range.dropFirst().dropLast() : value.range
        return Hash128(UnsafeRawBufferPointer(rebasing: line[inner]))
    }

    /// Returns nil if there is no id or it is empty.
    func idBytes(in line: UnsafeRawBufferPointer) -> [UInt8]? {
        guard let id, id.kind == .number || id.range.count > 2 else { return nil }
        if let plain = id.plain(in: line) { return Array(plain) }
        return id.text(in: line).map { Array($0.utf8) }
    }

    private func moment(
        _ value: JSONScanner.Slice, in line: UnsafeRawBufferPointer
    ) throws(EventFault) -> Timestamp {
        try text(.ts, value)
        guard let moment = value.moment(in: line) else {
            throw .outside(
                field: "ts", expected: SenderForm.expectedTime, value: value, in: line)
        }
        return try bounded(moment, value, in: line)
    }

    private func bounded(
        _ moment: Timestamp, _ value: JSONScanner.Slice, in line: UnsafeRawBufferPointer
    ) throws(EventFault) -> Timestamp {
        guard origin == .log || Timestamp.range.contains(moment) else {
            throw .outside(field: "ts", expected: Timestamp.expected, value: value, in: line)
        }
        return moment
    }

    private func sequence(
        _ value: JSONScanner.Slice, in line: UnsafeRawBufferPointer
    ) throws(EventFault) -> UInt64 {
        if value.kind == .number {
            if let seq = value.integer(in: line), seq > 0,
                line[value.range].allSatisfy({ $0 &- 0x30 < 10 })
            {
                return UInt64(seq)
            }
            if let seq = UInt64(value.raw(in: line)), seq > 0 { return seq }
        }
        throw .invalid(field: "seq", expected: "a whole number from 1")
    }

    private func count(
        _ field: EventField, _ value: JSONScanner.Slice, in line: UnsafeRawBufferPointer
    ) throws(EventFault) {
        switch Count.read(value, in: line) {
        case .count: break
        case .outside where origin == .log: break
        case .outside:
            throw .outside(field: field.name, expected: Count.expected, value: value, in: line)
        case .other: throw .invalid(field: field.name, expected: "a whole number")
        }
    }

    /// Checks an element of the list `key` for a string member that names its subject.
    ///
    /// Called for each element before the list itself is read.
    mutating func note(
        _ element: JSONScanner.Slice, of key: JSONScanner.Slice, in line: UnsafeRawBufferPointer
    ) throws(JSONFault) {
        let isDelta =
            key.escaped
            ? EventField(key, in: line) == .deltas
            : line[key.range.lowerBound + 1] == UInt8(ascii: "d")
        let naming: StaticString = isDelta ? "metric" : "check"
        if Self.begins(element, with: naming, in: line) { return }
        var found = false
        if element.kind == .object {
            try JSONScanner.members(of: element, in: line) { key, value throws(JSONFault) in
                if key.equals(naming, in: line), value.kind == .string {
                    found = !isDelta || value.range.count > 2
                }
            }
        }
        if !found { hasUnnamed = true }
    }

    /// Whether an object starts with the member `naming` and a non-empty string value.
    ///
    /// Our own senders write it this way; this avoids a second scan of the element.
    private static func begins(
        _ element: JSONScanner.Slice, with naming: StaticString,
        in line: UnsafeRawBufferPointer
    ) -> Bool {
        let count = naming.utf8CodeUnitCount
        let start = element.range.lowerBound
        // {"naming":"x"}
        guard element.kind == .object, element.range.count >= count + 8 else { return false }
        guard line[start + 1] == UInt8(ascii: "\""), line[start + 2 + count] == UInt8(ascii: "\""),
            line[start + 3 + count] == UInt8(ascii: ":"),
            line[start + 4 + count] == UInt8(ascii: "\""),
            line[start + 5 + count] != UInt8(ascii: "\"")
        else { return false }
        for i in 0..<count where line[start + 2 + i] != naming.utf8Start[i] { return false }
        return true
    }

    /// Checks that the value is an array whose elements all have a string member `naming`.
    private mutating func list(
        _ field: EventField, _ value: JSONScanner.Slice, naming: StaticString
    ) throws(EventFault) {
        guard value.kind == .array else {
            throw .invalid(field: field.name, expected: "an array")
        }
        defer { hasUnnamed = false }
        guard !hasUnnamed else { throw .missing(field: "\(field.name).\(naming)") }
    }
}
