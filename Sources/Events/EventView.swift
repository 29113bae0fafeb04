public import JSON

/// A view of one line of the event log that parses values only when they are read.
///
/// For readers that visit every line and use few of its fields. Returns the same values as
/// `Event.init(line:)`.
///
/// Accepts only lines that were validated when they were stored. Reuse one value for many
/// lines to reuse its buffers. Does not copy: its contents are valid only while the bytes
/// last passed to `read` are. Not thread-safe.
public struct EventView {
    /// One metric of the member `deltas`; differs from `MetricDelta` only in `metric`, a slice.
    public struct Delta {
        public var metric: JSONScanner.Slice
        public var value: Double?
        public var previous: Double?
        public var stable: Double?
        public var limit: Double?
        public var unit: MetricUnit
        public var state: CheckState

        /// - Parameter key: A key in the form of `EventWord`; other keys are ignored.
        @inline(always)
        fileprivate mutating func take(_ number: Double, as key: UInt64) {
            switch key {
            case EventWord.value: value = number
            case EventWord.previous: previous = number
            case EventWord.stable: stable = number
            case EventWord.limit: limit = number
            case EventWord.state: state = .nodata
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
            // A state that is not understood is no success; `null` reads as absent.
            case EventWord.state:
                state = CheckState(said, in: bytes) ?? (said.kind == .null ? .pass : .nodata)
            default: break
            }
        }
    }

    public private(set) var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    /// When the event happened, by the sender's clock.
    public private(set) var ts = Timestamp(milliseconds: 0)
    public private(set) var status: VerdictStatus?
    /// Within `Count.range`.
    public private(set) var attempt: Int?
    public private(set) var deltas: [Delta] = []

    /// Values indexed by `EventField`; valid where `present` has the field's bit set.
    private var slices = Array(
        repeating: JSONScanner.Slice.nothing, count: EventField.allCases.count)
    private var present: UInt32 = 0
    /// Other members: keys and values alternate.
    private var others: [JSONScanner.Slice] = []

    public init() {}

    /// Parses a line without its newline.
    ///
    /// Returns false if it is not an event: `ts` or `event` is missing, or the text is not
    /// a validated line.
    public mutating func read(_ line: UnsafeRawBufferPointer) -> Bool {
        bytes = line
        present = 0
        status = nil
        attempt = nil
        deltas.removeAll(keepingCapacity: true)
        others.removeAll(keepingCapacity: true)
        // Moved to a local variable so that stores do not check the array for unique ownership.
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

    /// - Parameter places: Output, indexed by field; entries in `present` are set.
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
            // `null` reads as absent for every field.
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

    /// Reads the elements from inside the array; returns a cursor after the array.
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

    /// Returns the word of a key that is written with escapes.
    private static func word(of key: String?) -> UInt64 {
        guard let bytes = key.map({ Array($0.utf8) }), bytes.count <= 8 else { return .max }
        return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    // MARK: - Members

    /// The slice of a field's value; nil if the field is absent or `null`.
    ///
    /// Does not return `deltas`, which `read` already parsed.
    @inline(__always)
    public subscript(field: EventField) -> JSONScanner.Slice? {
        present & 1 << UInt32(field.rawValue) == 0 ? nil : slices[Int(field.rawValue)]
    }

    /// Returns the text of a field; for a number, its source text.
    public func text(_ field: EventField) -> String? { self[field]?.words(in: bytes) }

    /// Returns the bytes of a field's text without quotes; nil if it is absent or has escapes.
    @inline(__always)
    public func plain(_ field: EventField) -> UnsafeRawBufferPointer? {
        self[field]?.plain(in: bytes)
    }

    /// Whether a field's text equals `words`.
    public func says(_ field: EventField, _ words: StaticString) -> Bool {
        self[field]?.equals(words, in: bytes) ?? false
    }

    /// The level; `info` if the line has none.
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

    /// Whether the line has members that the contract does not name.
    public var hasExtras: Bool { !others.isEmpty }

    /// Returns a member that the contract does not name.
    public func extra(_ name: String) -> JSONValue? {
        slice(ofExtra: name).flatMap { try? JSONValue(of: $0, in: bytes) }
    }

    /// Returns a member's count; nil if it is absent, not a number, or outside the range.
    public func count(_ member: CountMember) -> Count? {
        slice(ofExtra: member.rawValue)?.integer(in: bytes).flatMap { Count(exactly: $0) }
    }

    /// Returns a member's whole number. Use it as an identifier only: its range is not checked.
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
    /// Returns a string's text or a number's source text; nil for other kinds.
    func words(in bytes: UnsafeRawBufferPointer) -> String? {
        kind == .number ? raw(in: bytes) : text(in: bytes)
    }
}

// Unescaped words are compared as one integer.

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
