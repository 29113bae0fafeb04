import Events
import JSONScan

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What the log needs to know of a line, found in one pass without a tree.
struct ScannedLine: Sendable, Equatable {
    /// What makes a second line the same event.
    enum Key: Sendable, Equatable {
        /// The sender gave neither a sequence nor an id.
        case none
        /// `stream` names `(node, epoch)`.
        case sequence(stream: Hash128, seq: UInt64)
        case id(Hash128)
    }

    var ts: Timestamp
    var key: Key
    /// Hash of `node`; nil when the line has none.
    var node: Hash128?
    /// How badly the line would be missed.
    var kind: LineKind

    /// Validates one line, newline excluded, by the rules of `Event.init(line:)`.
    init(_ line: UnsafeRawBufferPointer) throws(EventFault) {
        var fields = Fields()
        var fault: EventFault?
        var others = KeyFilter()
        do throws(JSONFault) {
            try JSONScanner.members(of: line, limits: .newEvent) { key, value throws(JSONFault) in
                guard let field = Field(key, in: line) else {
                    others.note(key, in: line)
                    return
                }
                guard fields.seen.insert(field) else {
                    throw JSONFault(.duplicateKey, at: key.range.lowerBound)
                }
                // The first fault is told, but the scan goes on: broken JSON outranks it.
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
        self.ts = ts
        node = fields.node
        kind = fields.kind ?? fields.weight ?? .degraded
        if let node = fields.node, let epoch = fields.epoch, let seq = fields.seq {
            key = .sequence(stream: Self.stream(node: node, epoch: epoch), seq: seq)
        } else if let id = fields.id {
            key = .id(id)
        } else {
            key = .none
        }
    }

    init(_ line: [UInt8]) throws(EventFault) {
        let result = line.withUnsafeBytes { bytes -> Result<ScannedLine, EventFault> in
            do throws(EventFault) { return .success(try ScannedLine(bytes)) } catch {
                return .failure(error)
            }
        }
        self = try result.get()
    }

    static func stream(node: Hash128, epoch: Hash128) -> Hash128 {
        Hash128(high: node.high &+ epoch.low, low: node.low ^ epoch.high)
    }
}

/// The members that the log knows, told by their keys.
private enum Field: UInt8 {
    case id, ts, level, event, node, az, epoch, seq, namespace, rollout, revision, concern
    case attempt, status, deltas, reasons, message, policy, binary

    /// By length and first byte before comparing: most keys are decided by two loads.
    init?(_ key: JSONScanner.Slice, in line: UnsafeRawBufferPointer) {
        if key.escaped {
            guard let name = key.text(in: line), let field = Self.byName[name] else { return nil }
            self = field
            return
        }
        let count = key.range.count - 2
        guard count >= 2, count <= 9 else { return nil }
        guard let start = line.baseAddress else { return nil }
        let name = start + key.range.lowerBound + 1
        @inline(__always) func named(_ word: StaticString, _ field: Field) -> Field? {
            memcmp(name, word.utf8Start, word.utf8CodeUnitCount) == 0 ? field : nil
        }
        let field: Field? =
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

    private static let byName: [String: Field] = [
        "id": .id, "ts": .ts, "level": .level, "event": .event, "node": .node, "az": .az,
        "epoch": .epoch, "seq": .seq, "namespace": .namespace, "rollout": .rollout,
        "revision": .revision, "concern": .concern, "attempt": .attempt, "status": .status,
        "deltas": .deltas, "reasons": .reasons, "message": .message, "policy": .policy,
        "binary": .binary,
    ]

    var name: String { Self.byName.first { $0.value == self }?.key ?? "" }

    /// A set of fields in one word.
    struct Seen {
        private var bits: UInt32 = 0

        /// False when the field is there already.
        @inline(__always)
        mutating func insert(_ field: Field) -> Bool {
            let bit = UInt32(1) << UInt32(field.rawValue)
            defer { bits |= bit }
            return bits & bit == 0
        }
    }
}

private struct Fields {
    var seen = Field.Seen()
    var ts: Timestamp?
    var named = false
    var id: Hash128?
    var node: Hash128?
    var epoch: Hash128?
    var seq: UInt64?
    /// By the event's name; nil for names that say nothing.
    var kind: LineKind?
    /// By its level.
    var weight: LineKind?

    mutating func read(
        _ field: Field, _ value: JSONScanner.Slice, in line: UnsafeRawBufferPointer
    ) throws(EventFault) {
        // Null reads as absent, whatever the field.
        guard value.kind != .null else { return }
        switch field {
        case .ts: ts = try moment(value, in: line)
        case .event:
            try text(field, value)
            guard !value.equals("log.commit", in: line) else {
                throw .invalid(
                    field: "event", expected: "another name: log.commit is the log's own")
            }
            named = value.kind == .number || value.range.count > 2
            kind = Self.kind(of: value, in: line)
        case .id: id = try hash(field, value, in: line)
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
            else { throw .invalid(field: "level", expected: "one of debug, info, warn, error") }
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
                throw .invalid(
                    field: "status", expected: "one of healthy, degraded, unknown, unhealthy")
            }
        case .attempt: try whole(field, value, in: line)
        case .deltas: try list(field, value, naming: "metric", in: line)
        case .reasons: try list(field, value, naming: "check", in: line)
        }
    }

    private static func kind(
        of name: JSONScanner.Slice, in line: UnsafeRawBufferPointer
    ) -> LineKind? {
        if name.equals("analysis.healthy", in: line) { return .healthy }
        if name.equals("analysis.degraded", in: line) { return .degraded }
        if name.equals("auth.refused", in: line) || name.equals("request.refused", in: line)
            || name.equals("rate.limited", in: line)
        {
            return .refusal
        }
        if name.equals("analysis.unhealthy", in: line) || name.equals("analysis.unknown", in: line)
            || name.equals("analysis.recovered", in: line) || name.equals("log.shed", in: line)
            || name.equals("log.gap", in: line) || name.equals("delivery.dead", in: line)
        {
            return .failure
        }
        return nil
    }

    private func text(_ field: Field, _ value: JSONScanner.Slice) throws(EventFault) {
        guard value.kind == .string || value.kind == .number else {
            throw .invalid(field: field.name, expected: "a string")
        }
    }

    private func hash(
        _ field: Field, _ value: JSONScanner.Slice, in line: UnsafeRawBufferPointer
    ) throws(EventFault) -> Hash128? {
        try text(field, value)
        if value.escaped { return value.text(in: line).map { Hash128($0) } }
        let inner = value.kind == .string ? value.range.dropFirst().dropLast() : value.range
        if field == .id, inner.isEmpty { return nil }
        return Hash128(UnsafeRawBufferPointer(rebasing: line[inner]))
    }

    private func moment(
        _ value: JSONScanner.Slice, in line: UnsafeRawBufferPointer
    ) throws(EventFault) -> Timestamp {
        try text(.ts, value)
        if value.kind == .string, !value.escaped {
            let inner = UnsafeRawBufferPointer(rebasing: line[value.range.dropFirst().dropLast()])
            if let moment = Timestamp(utcMilliseconds: inner) { return moment }
        }
        guard let words = value.text(in: line), let moment = Timestamp(rfc3339: words) else {
            throw .invalid(field: "ts", expected: "an RFC 3339 date and time")
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

    private func whole(
        _ field: Field, _ value: JSONScanner.Slice, in line: UnsafeRawBufferPointer
    ) throws(EventFault) {
        let found =
            value.kind == .number
            ? value.integer(in: line) != nil : value.text(in: line).flatMap { Int($0) } != nil
        guard found else { throw .invalid(field: field.name, expected: "a whole number") }
    }

    /// Whether an object starts with the member `naming` and its value is a string
    /// that isn't empty: how our own senders write it, told without another scan.
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

    /// An array whose elements are objects with a string member `naming`.
    private func list(
        _ field: Field, _ value: JSONScanner.Slice, naming: StaticString,
        in line: UnsafeRawBufferPointer
    ) throws(EventFault) {
        guard value.kind == .array else {
            throw .invalid(field: field.name, expected: "an array")
        }
        var complete = true
        do throws(JSONFault) {
            try JSONScanner.elements(of: value, in: line) { element throws(JSONFault) in
                var found = Self.begins(element, with: naming, in: line)
                if !found, element.kind == .object {
                    try JSONScanner.members(of: element, in: line) { key, value throws(JSONFault) in
                        if key.equals(naming, in: line), value.kind == .string {
                            found = field == .reasons || value.range.count > 2
                        }
                    }
                }
                if !found { complete = false }
            }
        } catch { throw .json(error) }
        guard complete else { throw .missing(field: "\(field.name).\(naming)") }
    }
}

extension Timestamp {
    /// Reads `2026-11-23T06:00:00.123Z`, the form that our own lines have; nil for
    /// any other form, valid or not.
    fileprivate init?(utcMilliseconds text: UnsafeRawBufferPointer) {
        guard text.count == 24, text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
            text[10] == UInt8(ascii: "T"), text[13] == UInt8(ascii: ":"),
            text[16] == UInt8(ascii: ":"), text[19] == UInt8(ascii: "."),
            text[23] == UInt8(ascii: "Z")
        else { return nil }
        var valid = true
        @inline(__always) func number(_ at: Int, _ count: Int) -> Int64 {
            var value: Int64 = 0
            for i in at..<at + count {
                let digit = text[i] &- 0x30
                if digit > 9 { valid = false }
                value = value &* 10 &+ Int64(digit)
            }
            return value
        }
        let (year, month, day) = (number(0, 4), number(5, 2), number(8, 2))
        let (hour, minute, second) = (number(11, 2), number(14, 2), number(17, 2))
        let fraction = number(20, 3)
        // Days that not every month has are left to the full reader.
        guard valid, month >= 1, month <= 12, day >= 1, day <= 28, hour < 24, minute < 60,
            second < 60
        else { return nil }
        // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        self.init(
            milliseconds: ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + fraction)
    }
}
