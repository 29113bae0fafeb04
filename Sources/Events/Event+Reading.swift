import JSON

extension Event {
    /// Decodes one line, without its newline, in one pass.
    ///
    /// Throws for invalid JSON, a duplicate key, a missing `event` or `ts`, and a known field of
    /// the wrong type.
    ///
    /// - Parameter origin: Decides how a count or time outside its range is treated. From a
    ///   sender, both are errors; from the log, the count reads as missing and the time is
    ///   accepted.
    public init(
        line: UnsafeRawBufferPointer, from origin: LineOrigin = .log
    ) throws(EventFault) {
        self.init(ts: Timestamp(milliseconds: 0), event: "")
        var seen = EventField.Seen()
        var others = KeyFilter()
        var fault: EventFault?
        var outside: [(member: CountMember, fault: EventFault)] = []
        var hasTime = false
        do throws(JSONFault) {
            try JSONScanner.members(of: line, limits: .newEvent) { key, value throws(JSONFault) in
                guard let field = EventField(key, in: line) else {
                    others.note(key, in: line)
                    if key.equals("v", in: line) { return }
                    if origin == .sender, let member = CountMember(key, in: line),
                        let fault = member.fault(of: value, in: line)
                    {
                        outside.append((member, fault))
                    }
                    extra.append(
                        JSONValue.Member(
                            key.text(in: line) ?? "", try JSONValue(of: value, in: line)))
                    return
                }
                guard seen.insert(field) else {
                    throw JSONFault(.duplicateKey, at: key.range.lowerBound)
                }
                // Reports the first fault, but continues the scan: invalid JSON takes precedence.
                guard fault == nil else { return }
                do throws(EventFault) {
                    try read(
                        Member(field: field, value: value, line: line, origin: origin), &hasTime)
                } catch { fault = error }
            }
            if others.isInDoubt {
                let whole = try JSONScanner.validate(line, limits: .event)
                try JSONScanner.refuseRepeatedKeys(of: whole, in: line)
            }
        } catch { throw .json(error) }
        if let fault { throw fault }
        guard hasTime else { throw .missing(field: "ts") }
        guard !event.isEmpty else { throw .missing(field: "event") }
        let name = event
        if let first = outside.first(where: { $0.member.isCount(inEventsNamed: name) }) {
            throw first.fault
        }
    }

    public init(line: [UInt8], from origin: LineOrigin = .log) throws(EventFault) {
        let result = line.withUnsafeBytes { bytes -> Result<Event, EventFault> in
            do throws(EventFault) { return .success(try Event(line: bytes, from: origin)) } catch {
                return .failure(error)
            }
        }
        self = try result.get()
    }

    private mutating func read(_ member: Member, _ hasTime: inout Bool) throws(EventFault) {
        switch member.field {
        case .id: id = try member.text() ?? ""
        case .ts:
            guard let moment = try member.timestamp() else { return }
            ts = moment
            hasTime = true
        case .level: level = try member.choice(Level.self) ?? .info
        case .event: event = try member.text() ?? ""
        case .node: node = try member.text()
        case .az: az = try member.text()
        case .epoch: epoch = try member.text()
        case .seq: seq = try member.sequence()
        case .namespace: namespace = try member.text()
        case .rollout: rollout = try member.text()
        case .revision: revision = try member.text()
        case .concern: concern = try member.text()
        case .attempt: attempt = try member.count()
        case .status:
            // Events of refused requests contain an empty status.
            status = member.isEmptyText ? nil : try member.choice(VerdictStatus.self)
        case .deltas: deltas = try member.list(MetricDelta.init)
        case .reasons: reasons = try member.list(Reason.init)
        case .message: message = try member.text()
        case .policy: policy = try member.text()
        case .binary: binary = try member.text()
        }
    }
}

extension MetricDelta {
    fileprivate init(
        _ object: JSONScanner.Slice, in line: UnsafeRawBufferPointer
    ) throws(EventFault) {
        var delta = MetricDelta(metric: "", value: nil, unit: .count, state: .pass)
        var unit: MetricUnit?
        visit(object, in: line) { key, value in
            if key.equals("metric", in: line) {
                delta.metric = value.text(in: line) ?? ""
            } else if key.equals("value", in: line) {
                delta.value = value.number(in: line)
            } else if key.equals("previous", in: line) {
                delta.previous = value.number(in: line)
            } else if key.equals("stable", in: line) {
                delta.stable = value.number(in: line)
            } else if key.equals("limit", in: line) {
                delta.limit = value.number(in: line)
            } else if key.equals("unit", in: line) {
                unit = value.text(in: line).flatMap(MetricUnit.init(rawValue:))
            } else if key.equals("state", in: line) {
                // A state that is not understood is no success; `null` reads as absent.
                delta.state =
                    value.text(in: line).flatMap(CheckState.init(rawValue:))
                    ?? (value.kind == .null ? .pass : .nodata)
            }
        }
        guard !delta.metric.isEmpty else { throw .missing(field: "deltas.metric") }
        delta.unit = unit ?? MetricUnit(metricName: delta.metric)
        self = delta
    }
}

extension Reason {
    /// Reads an element of the member `reasons`.
    init(
        _ object: JSONScanner.Slice, in line: UnsafeRawBufferPointer
    ) throws(EventFault) {
        var reason = Reason(check: "", state: .warn, why: "")
        var isNamed = false
        visit(object, in: line) { key, value in
            if key.equals("check", in: line), let check = value.text(in: line) {
                reason.check = check
                isNamed = true
            } else if key.equals("state", in: line) {
                reason.state = value.text(in: line).flatMap(CheckState.init(rawValue:)) ?? .warn
            } else if key.equals("value", in: line) {
                reason.value = value.number(in: line)
            } else if key.equals("limit", in: line) {
                reason.limit = value.number(in: line)
            } else if key.equals("stable", in: line) {
                reason.stable = value.number(in: line)
            } else if key.equals("previous", in: line) {
                reason.previous = value.number(in: line)
            } else if key.equals("unit", in: line) {
                reason.unit = value.text(in: line).flatMap(MetricUnit.init(rawValue:))
            } else if key.equals("unproven", in: line) {
                reason.unproven = Reason.Unproven(value, in: line)
            } else if key.equals("why", in: line) {
                reason.why = value.text(in: line) ?? ""
            } else if key.equals("detail", in: line) {
                reason.detail = value.text(in: line) ?? ""
            } else if key.equals("advisory", in: line) {
                reason.advisory = value.bool(in: line) ?? false
            }
        }
        guard isNamed else { throw .missing(field: "reasons.check") }
        self = reason
    }
}

extension Reason.Unproven {
    /// Nil for a value that lacks one of the members.
    fileprivate init?(_ object: JSONScanner.Slice, in line: UnsafeRawBufferPointer) {
        var limit: Double?
        var bound: Double?
        var confidence: Double?
        visit(object, in: line) { key, value in
            if key.equals("limit", in: line) {
                limit = value.number(in: line)
            } else if key.equals("bound", in: line) {
                bound = value.number(in: line)
            } else if key.equals("confidence", in: line) {
                confidence = value.number(in: line)
            }
        }
        guard let limit, let bound, let confidence else { return nil }
        self.init(limit: limit, bound: bound, confidence: confidence)
    }
}

/// Calls `body` for each member of a validated object; does nothing for other values.
@inline(__always)
private func visit(
    _ slice: JSONScanner.Slice, in line: UnsafeRawBufferPointer,
    _ body: (_ key: JSONScanner.Slice, _ value: JSONScanner.Slice) -> Void
) {
    guard slice.kind == .object else { return }
    try? JSONScanner.members(of: slice, in: line) { (key, value) throws(JSONFault) in
        body(key, value)
    }
}

/// Typed reading of one member. `null` reads as absent.
private struct Member {
    let field: EventField
    let value: JSONScanner.Slice
    let line: UnsafeRawBufferPointer
    let origin: LineOrigin

    var isEmptyText: Bool { value.kind == .string && value.range.count == 2 }

    func text() throws(EventFault) -> String? {
        switch value.kind {
        case .null: return nil
        case .string: return value.text(in: line)
        case .number: return value.raw(in: line)
        default: throw fault("a string")
        }
    }

    func timestamp() throws(EventFault) -> Timestamp? {
        if value.kind == .string, !value.escaped {
            let inner = value.range.dropFirst().dropLast()
            if let moment = Timestamp(utc: UnsafeRawBufferPointer(rebasing: line[inner])) {
                return try bounded(moment)
            }
        }
        guard let text = try text() else { return nil }
        guard let moment = Timestamp(rfc3339: text) else {
            throw fault("an RFC 3339 date and time")
        }
        return try bounded(moment)
    }

    private func bounded(_ moment: Timestamp) throws(EventFault) -> Timestamp {
        guard origin == .log || Timestamp.range.contains(moment) else {
            throw .outside(
                field: field.name, expected: Timestamp.expected, value: value, in: line)
        }
        return moment
    }

    func choice<T: RawRepresentable & CaseIterable>(
        _ type: T.Type
    ) throws(EventFault) -> T? where T.RawValue == String {
        guard let text = try text() else { return nil }
        guard let choice = T(rawValue: text) else {
            throw fault("one of \(T.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }

    func count() throws(EventFault) -> Int? {
        if value.kind == .null { return nil }
        switch Count.read(value, in: line) {
        case .count(let count): return count.value
        case .outside where origin == .log: return nil
        case .outside:
            throw .outside(field: field.name, expected: Count.expected, value: value, in: line)
        case .other: throw fault("a whole number")
        }
    }

    func sequence() throws(EventFault) -> UInt64? {
        if value.kind == .null { return nil }
        guard value.kind == .number, let seq = UInt64(value.raw(in: line)), seq > 0 else {
            throw fault("a whole number from 1")
        }
        return seq
    }

    func list<T>(
        _ make: (JSONScanner.Slice, UnsafeRawBufferPointer) throws(EventFault) -> T
    ) throws(EventFault) -> [T] {
        if value.kind == .null { return [] }
        guard value.kind == .array else { throw fault("an array") }
        var list: [T] = []
        var first: EventFault?
        do throws(JSONFault) {
            try JSONScanner.elements(of: value, in: line) { element throws(JSONFault) in
                guard first == nil else { return }
                do throws(EventFault) { list.append(try make(element, line)) } catch {
                    first = error
                }
            }
        } catch { throw .json(error) }
        if let first { throw first }
        return list
    }

    private func fault(_ expected: String) -> EventFault {
        .invalid(field: field.name, expected: expected)
    }
}
