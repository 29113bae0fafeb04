public import JSONScan

/// One line of the event log, looked at where it lies: where its members are, their values
/// read only when they are asked for. For readers that look at every line and need little
/// of most of them; tells what `Event.init(line:)` does, texts aside, without an allocation.
///
/// For lines that were validated when they were accepted. One value is used for many lines,
/// so that its room is, too. Holds no copy: what it tells is of the bytes last given to
/// `read`, and only as long as they are there. Not thread-safe.
public struct EventLine {
    /// One metric of the member `deltas`, its name aside as `MetricDelta`.
    public struct Delta {
        public var metric: JSONScanner.Slice
        public var value: Double?
        public var previous: Double?
        public var stable: Double?
        public var limit: Double?
        public var unit: MetricUnit
        public var state: CheckState

        /// - Parameter key: As `EventWord` has it; others are passed over.
        @inline(always)
        fileprivate mutating func take(_ number: Double, as key: UInt64) {
            switch key {
            case EventWord.value: value = number
            case EventWord.previous: previous = number
            case EventWord.stable: stable = number
            case EventWord.limit: limit = number
            default: break
            }
        }

        @inline(always)
        fileprivate mutating func take(
            _ said: JSONScanner.Slice, as key: UInt64, in bytes: UnsafeRawBufferPointer,
            unit: inout MetricUnit?
        ) {
            switch key {
            case EventWord.metric: metric = said
            case EventWord.value: value = said.number(in: bytes)
            case EventWord.previous: previous = said.number(in: bytes)
            case EventWord.stable: stable = said.number(in: bytes)
            case EventWord.limit: limit = said.number(in: bytes)
            case EventWord.unit: unit = MetricUnit(said, in: bytes)
            case EventWord.state: state = CheckState(said, in: bytes) ?? .pass
            default: break
            }
        }
    }

    public private(set) var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    /// When it happened, by the sender's clock.
    public private(set) var ts = Timestamp(milliseconds: 0)
    public private(set) var status: VerdictStatus?
    /// Within `Count.range`.
    public private(set) var attempt: Int?
    public private(set) var deltas: [Delta] = []

    /// By `EventField`; those that the line has are told by `present`.
    private var slices = Array(
        repeating: JSONScanner.Slice.nothing, count: EventField.allCases.count)
    private var present: UInt32 = 0
    /// Further members, keys and values in turn.
    private var others: [JSONScanner.Slice] = []

    public init() {}

    /// Looks at a line, newline excluded. False when it is no event: `ts` or `event` is not
    /// there, or the text is not what was accepted.
    public mutating func read(_ line: UnsafeRawBufferPointer) -> Bool {
        bytes = line
        present = 0
        status = nil
        attempt = nil
        deltas.removeAll(keepingCapacity: true)
        others.removeAll(keepingCapacity: true)
        // Taken out, so that not each store has to ask whether the array has other owners.
        var places: [JSONScanner.Slice] = []
        swap(&places, &slices)
        let isWhole = places.withUnsafeMutableBufferPointer { readMembers(line, into: $0) }
        swap(&places, &slices)
        guard isWhole, let name = self[.event], name.range.count > 2 || name.kind == .number
        else { return false }
        if let said = self[.status] { status = VerdictStatus(said, in: line) }
        if let said = self[.attempt], case .count(let count) = Count.read(said, in: line) {
            attempt = count.value
        }
        guard let moment = readMoment() else { return false }
        ts = moment
        return true
    }

    /// - Parameter places: By field; those of `present` are set.
    private mutating func readMembers(
        _ line: UnsafeRawBufferPointer,
        into places: UnsafeMutableBufferPointer<JSONScanner.Slice>
    ) -> Bool {
        guard var cursor = JSONCursor(line), cursor.enter(.object) else { return false }
        var seen: UInt32 = 0
        while true {
            let key: JSONScanner.Slice
            let known: EventField?
            if let plain = cursor.plainKey() {
                (key, known) = (plain.slice, EventField(word: plain.word))
            } else if let next = cursor.nextKey() {
                (key, known) = (next, EventField(next, in: line))
            } else {
                break
            }
            guard let field = known else {
                guard let value = cursor.value() else { return false }
                if key.equals("v", in: line) { continue }
                others.append(key)
                others.append(value)
                continue
            }
            if field == .deltas, cursor.enter(.array) {
                guard let behind = readDeltas(from: cursor) else { return false }
                cursor = behind
                continue
            }
            guard let value = cursor.value() else { return false }
            // Null reads as absent, whatever the field.
            guard value.kind != .null else { continue }
            places[Int(field.rawValue)] = value
            seen |= 1 &<< UInt32(field.rawValue)
        }
        present = seen
        return cursor.isAtEnd && !cursor.isBroken
    }

    private func readMoment() -> Timestamp? {
        guard let said = self[.ts] else { return nil }
        if let plain = said.plain(in: bytes), said.kind == .string,
            let moment = Timestamp(utc: plain)
        {
            return moment
        }
        return text(.ts).flatMap { Timestamp(rfc3339: $0) }
    }

    /// From within the array to behind it.
    private mutating func readDeltas(from start: JSONCursor) -> JSONCursor? {
        var cursor = start
        while cursor.hasElement() {
            guard cursor.enter(.object) else { return nil }
            var delta = Delta(metric: .nothing, unit: .count, state: .pass)
            var unit: MetricUnit?
            while true {
                let word: UInt64
                if let plain = cursor.plainKey() {
                    word = plain.word
                } else if let key = cursor.nextKey() {
                    word = key.escaped ? Self.word(of: key.text(in: bytes)) : key.word(in: bytes)
                } else {
                    break
                }
                if let number = cursor.plainNumber() {
                    delta.take(number, as: word)
                    continue
                }
                guard let value = cursor.value() else { return nil }
                delta.take(value, as: word, in: bytes, unit: &unit)
            }
            guard delta.metric.kind == .string else { return nil }
            delta.unit =
                unit ?? MetricUnit(metricName: delta.metric.text(in: bytes) ?? "")
            deltas.append(delta)
        }
        return cursor
    }

    /// Of a key that was written with escapes.
    private static func word(of key: String?) -> UInt64 {
        guard let bytes = key.map({ Array($0.utf8) }), bytes.count <= 8 else { return .max }
        return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    // MARK: - Members

    /// Where the value of a field is; nil when the line has none, or `null`. Not for
    /// `deltas`, which are read already.
    @inline(__always)
    public subscript(field: EventField) -> JSONScanner.Slice? {
        present & 1 << UInt32(field.rawValue) == 0 ? nil : slices[Int(field.rawValue)]
    }

    /// The text of a field; a number's as it is written.
    public func text(_ field: EventField) -> String? { self[field]?.words(in: bytes) }

    /// The bytes of a field's text without quotes; nil when it is not there or has escapes.
    @inline(__always)
    public func plain(_ field: EventField) -> UnsafeRawBufferPointer? {
        self[field]?.plain(in: bytes)
    }

    /// Whether a field's text is `words`.
    public func says(_ field: EventField, _ words: StaticString) -> Bool {
        self[field]?.equals(words, in: bytes) ?? false
    }

    /// `info` where the line says nothing.
    public var level: Event.Level {
        guard let said = self[.level] else { return .info }
        return Event.Level.allCases.first { said.isText($0.rawValue, in: bytes) } ?? .info
    }

    public var reasons: [Reason] {
        guard let said = self[.reasons] else { return [] }
        var reasons: [Reason] = []
        try? JSONScanner.elements(of: said, in: bytes) { (element) throws(JSONFault) in
            do throws(EventFault) { reasons.append(try Reason(element, in: bytes)) } catch {}
        }
        return reasons
    }

    /// Whether there are members that the contract does not name.
    public var hasExtras: Bool { !others.isEmpty }

    /// A member that the contract does not name.
    public func extra(_ name: String) -> JSONValue? {
        slice(ofExtra: name).flatMap { try? JSONValue(of: $0, in: bytes) }
    }

    /// A further member's count; nil when it is absent, no number or beyond the range.
    public func count(_ member: CountMember) -> Count? {
        slice(ofExtra: member.rawValue)?.integer(in: bytes).flatMap { Count(exactly: $0) }
    }

    /// A further member's whole number: for names, not for arithmetic.
    public func integer(_ name: String) -> Int64? { slice(ofExtra: name)?.integer(in: bytes) }

    private func slice(ofExtra name: String) -> JSONScanner.Slice? {
        for i in stride(from: 0, to: others.count, by: 2)
        where others[i].isText(name, in: bytes) {
            return others[i + 1]
        }
        return nil
    }
}

extension JSONScanner.Slice {
    /// A string's text, a number as it is written; nil for other kinds.
    func words(in bytes: UnsafeRawBufferPointer) -> String? {
        kind == .number ? raw(in: bytes) : text(in: bytes)
    }
}

// By one look where the word is written plainly.

extension VerdictStatus {
    fileprivate init?(_ word: JSONScanner.Slice, in bytes: UnsafeRawBufferPointer) {
        switch word.word(in: bytes) {
        case EventWord.healthy: self = .healthy
        case EventWord.degraded: self = .degraded
        case EventWord.unknown: self = .unknown
        default:
            if word.equals("unhealthy", in: bytes) {
                self = .unhealthy
                return
            }
            guard let text = word.text(in: bytes), let status = Self(rawValue: text) else {
                return nil
            }
            self = status
        }
    }
}

extension CheckState {
    fileprivate init?(_ word: JSONScanner.Slice, in bytes: UnsafeRawBufferPointer) {
        switch word.word(in: bytes) {
        case EventWord.pass: self = .pass
        case EventWord.warn: self = .warn
        case EventWord.fail: self = .fail
        case EventWord.nodata: self = .nodata
        default:
            guard word.escaped, let text = word.text(in: bytes), let state = Self(rawValue: text)
            else { return nil }
            self = state
        }
    }
}

extension MetricUnit {
    fileprivate init?(_ word: JSONScanner.Slice, in bytes: UnsafeRawBufferPointer) {
        switch word.word(in: bytes) {
        case EventWord.ratio: self = .ratio
        case EventWord.milliseconds: self = .milliseconds
        default:
            guard let text = word.text(in: bytes), let unit = Self(rawValue: text) else {
                return nil
            }
            self = unit
        }
    }
}
