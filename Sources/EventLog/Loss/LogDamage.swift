import Events
import JSON

/// Acknowledged lines that are missing, or were at risk, because another process changed the
/// log's files.
struct LogDamage: Sendable, Equatable {
    /// The file's name below `log/`; the folder's name if several files are concerned.
    var file: String
    /// What happened, as text.
    var what: String
    /// The missing part of the log; nil if nothing is missing.
    var missing: Range<LogPosition>?
    /// Acknowledged lines that are lost; nil if their number is unknown.
    var lines: Int? = 0

    /// The event `log.damaged`. The member `lines` is absent if their number is unknown.
    func event(at time: Timestamp) -> Event {
        var words = "\(file): \(what)"
        if let missing {
            let count = lines.map { "\($0) lines" } ?? "an unknown number of lines"
            words += "; \(count) from \(missing.lowerBound) to \(missing.upperBound) are lost"
        } else {
            words += "; no line is lost"
        }
        var extra: [JSONValue.Member] = [
            .init("file", .string(file)), .init("what", .string(what)),
        ]
        if let missing {
            extra.append(.init("from", .string(missing.lowerBound.description)))
            extra.append(.init("to", .string(missing.upperBound.description)))
        }
        if let lines { extra.append(.init("lines", .number("\(lines)"))) }
        return Event(
            ts: time, level: .error, event: EventName.logDamaged, message: words, extra: extra)
    }

    /// Whether both describe the same damage of one file, so that one event can report both.
    fileprivate func isLike(_ other: LogDamage) -> Bool {
        file == other.file && what == other.what && (lines == nil) == (other.lines == nil)
    }

    fileprivate mutating func add(_ other: LogDamage) {
        if let more = other.missing {
            let range = missing ?? more
            missing =
                min(range.lowerBound, more.lowerBound)..<max(range.upperBound, more.upperBound)
        }
        if let count = lines, let more = other.lines {
            lines = count +| more
        }
    }
}

/// The log's own reports that are not appended yet, oldest first.
struct LogReports: Sendable, Equatable {
    private(set) var damage: [LogDamage] = []
    private(set) var pressure: DiskPressure?
    private(set) var trimmed = TrimmedHistory()
    /// History that was removed before the store had it.
    private(set) var unshipped = TrimmedHistory()
    private(set) var heldAges: HeldAges?

    /// The maximum of entries; further damage is added to the last one.
    private static let most = 64

    var isEmpty: Bool {
        damage.isEmpty && pressure == nil && trimmed.isEmpty && unshipped.isEmpty
            && heldAges == nil
    }

    mutating func add(_ found: LogDamage) {
        if let place = damage.firstIndex(where: { $0.isLike(found) }) {
            damage[place].add(found)
        } else if damage.count < Self.most {
            damage.append(found)
        } else {
            damage[Self.most - 1].add(found)
        }
    }

    mutating func add(_ pressure: DiskPressure) { self.pressure = pressure }

    mutating func add(_ trimmed: TrimmedHistory) { self.trimmed += trimmed }

    mutating func add(unshipped: TrimmedHistory) { self.unshipped += unshipped }

    mutating func add(_ held: HeldAges) { heldAges = held }

    static func += (a: inout LogReports, b: LogReports) {
        for found in b.damage { a.add(found) }
        if a.pressure == nil { a.pressure = b.pressure }
        a.trimmed += b.trimmed
        a.unshipped += b.unshipped
        if a.heldAges == nil { a.heldAges = b.heldAges }
    }

    /// The reports one by one, so that one that cannot be appended does not delay the others.
    var each: [(report: LogReports, event: (Timestamp) -> Event)] {
        var all: [(LogReports, (Timestamp) -> Event)] = []
        if let pressure {
            var alone = LogReports()
            alone.add(pressure)
            all.append((alone, pressure.event))
        }
        for found in damage {
            var alone = LogReports()
            alone.add(found)
            all.append((alone, found.event))
        }
        if !trimmed.isEmpty {
            var alone = LogReports()
            alone.add(trimmed)
            all.append((alone, trimmed.event))
        }
        if !unshipped.isEmpty {
            var alone = LogReports()
            alone.add(unshipped: unshipped)
            all.append((alone, unshipped.unshippedEvent))
        }
        if let heldAges {
            var alone = LogReports()
            alone.add(heldAges)
            all.append((alone, heldAges.event))
        }
        return all
    }
}
