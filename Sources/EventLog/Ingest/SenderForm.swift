import Events
import JSON

/// Rewrites lines whose time or level has a common form that the log does not store.
///
/// `ts` is stored as RFC 3339 and `level` as one of `Event.Level`; every reader relies on it.
/// `docs/events.md` lists what is mapped and what is rejected.
public enum SenderForm {
    /// Members that contain the time of a line without `ts`; the first with a valid time is used.
    /// They are kept.
    static let timeMembers = ["@timestamp", "timestamp", "time", "date"]

    /// The expected `ts` in error messages.
    static let expectedTime =
        "a date and time with its zone (2026-11-23T06:00:00Z), or seconds or milliseconds since 1970"

    /// The expected `level` in error messages.
    static let expectedLevel =
        "debug, info, warn or error, another common name of one, or a number of syslog or pino"

    /// Returns the line with its time and level in the stored form.
    ///
    /// Returns nil if the line has no member that can be mapped, or is not an object. The original
    /// value of a mapped level is kept as the member `level_sent`, unless the line has such a
    /// member.
    static func mapped(_ line: UnsafeRawBufferPointer) -> [UInt8]? {
        var members = Members()
        do throws(JSONFault) {
            try JSONScanner.members(of: line, limits: .event) { key, value throws(JSONFault) in
                members.note(key, value, in: line)
            }
        } catch { return nil }
        var edits: [(range: Range<Int>, text: String)] = []
        if let said = members.ts {
            if let time = time(said, in: line) { edits.append((said.range, "\"\(time)\"")) }
        } else if let time = members.times.compactMap({ $0 }).lazy
            .compactMap({ stored($0, in: line) }).first
        {
            // A `null` counts as absent. It is replaced, because a key may occur only once.
            if let null = members.nullTime {
                edits.append((null, "\"\(time)\""))
            } else if let open = line.firstIndex(of: UInt8(ascii: "{")) {
                edits.append(((open + 1)..<(open + 1), "\"ts\":\"\(time)\","))
            }
        }
        if let said = members.level, let level = level(said, in: line) {
            var text = "\"\(level.rawValue)\""
            if !members.hasLevelSent { text += ",\"level_sent\":" + said.raw(in: line) }
            edits.append((said.range, text))
        }
        guard !edits.isEmpty else { return nil }
        edits.sort { $0.range.lowerBound < $1.range.lowerBound }
        var out: [UInt8] = []
        out.reserveCapacity(line.count + 80)
        var copied = 0
        for edit in edits {
            out.append(contentsOf: line[copied..<edit.range.lowerBound])
            out.append(contentsOf: edit.text.utf8)
            copied = edit.range.upperBound
        }
        out.append(contentsOf: line[copied...])
        return out
    }

    private struct Members {
        var ts: JSONScanner.Slice?
        var nullTime: Range<Int>?
        var level: JSONScanner.Slice?
        var hasLevelSent = false
        /// The values of `timeMembers`, in that order.
        var times = [JSONScanner.Slice?](repeating: nil, count: timeMembers.count)

        mutating func note(
            _ key: JSONScanner.Slice, _ value: JSONScanner.Slice, in line: UnsafeRawBufferPointer
        ) {
            switch EventField(key, in: line) {
            case .ts where value.kind == .null: nullTime = value.range
            case .ts: ts = value
            case .level where value.kind != .null: level = value
            case nil:
                if key.equals("level_sent", in: line) { hasLevelSent = true }
                guard let place = timeMembers.firstIndex(where: { key.isText($0, in: line) })
                else { return }
                times[place] = value
            default: break
            }
        }
    }

    // MARK: - Times

    /// Returns the RFC 3339 text of a time in any accepted form; nil for anything else.
    private static func stored(
        _ value: JSONScanner.Slice, in line: UnsafeRawBufferPointer
    ) -> String? {
        if let text = value.text(in: line), Timestamp(rfc3339: text) != nil { return text }
        return time(value, in: line)
    }

    /// Returns the RFC 3339 text of a time in another form; nil if it is RFC 3339 already or cannot
    /// be mapped.
    private static func time(
        _ value: JSONScanner.Slice, in line: UnsafeRawBufferPointer
    ) -> String? {
        guard value.range.count <= 64 else { return nil }
        switch value.kind {
        case .number: return sinceEpoch(value.raw(in: line))
        case .string:
            guard let text = value.text(in: line), Timestamp(rfc3339: text) == nil else {
                return nil
            }
            return sinceEpoch(text) ?? dateAndTime(text)
        default: return nil
        }
    }

    /// Converts seconds, milliseconds, microseconds or nanoseconds since 1970 to RFC 3339.
    ///
    /// The magnitude determines the unit; each is unambiguous from 1973 to 5138.
    static func sinceEpoch(_ text: String) -> String? {
        var text = text
        if text.utf8.contains(where: { $0 | 0x20 == UInt8(ascii: "e") }) {
            guard let number = Double(text), let whole = Int64(exactly: number.rounded(.down)),
                number >= 0
            else { return nil }
            text = "\(whole)"
        }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isDigit) }),
            let whole = Int64(parts[0])
        else { return nil }
        let digits: Int
        switch whole {
        case 100_000_000..<100_000_000_000: digits = 0
        case 100_000_000_000..<100_000_000_000_000: digits = 3
        case 100_000_000_000_000..<100_000_000_000_000_000: digits = 6
        case 100_000_000_000_000_000...: digits = 9
        default: return nil
        }
        let all = String(whole)
        let seconds = Int64(all.dropLast(digits)) ?? 0
        let fraction = String(all.suffix(digits)) + (parts.count == 2 ? parts[1] : "")
        let moment = Timestamp(milliseconds: seconds *| 1000)
        guard Timestamp.range.contains(moment) else { return nil }
        return moment.rfc3339.prefix(19) + (fraction.isEmpty ? "" : ".\(fraction)") + "Z"
    }

    /// Converts times such as `2026-11-23 06:00:00,123 +0100` to RFC 3339.
    ///
    /// Accepts a space for `T`, a comma in the fraction, and a zone without a colon or `UTC` or
    /// `GMT`. Returns nil without a zone, because the offset is then unknown.
    static func dateAndTime(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        guard bytes.count > 19 else { return nil }
        var out = bytes[..<10] + [UInt8(ascii: "T")] + bytes[11..<19]
        guard bytes[10] | 0x20 == UInt8(ascii: "t") || bytes[10] == UInt8(ascii: " ") else {
            return nil
        }
        var rest = bytes[19...]
        if rest.first == UInt8(ascii: ",") || rest.first == UInt8(ascii: ".") {
            out.append(UInt8(ascii: "."))
            rest.removeFirst()
            let digits = rest.prefix(while: isDigit)
            out += digits
            rest = rest.dropFirst(digits.count)
        }
        if rest.first == UInt8(ascii: " ") { rest.removeFirst() }
        guard let zone = zone(String(decoding: rest, as: UTF8.self)) else { return nil }
        let mapped = String(decoding: out, as: UTF8.self) + zone
        return Timestamp(rfc3339: mapped) == nil ? nil : mapped
    }

    /// Returns `Z` or `±HH:MM` for `Z`, `UTC`, `GMT`, `±HH`, `±HHMM` and `±HH:MM`.
    private static func zone(_ text: String) -> String? {
        if ["z", "utc", "gmt"].contains(text.lowercased()) { return "Z" }
        guard let sign = text.first, sign == "+" || sign == "-" else { return nil }
        let digits = text.dropFirst().replacing(":", with: "")
        guard digits.utf8.allSatisfy(isDigit) else { return nil }
        switch digits.utf8.count {
        case 2: return "\(sign)\(digits):00"
        case 4: return "\(sign)\(digits.prefix(2)):\(digits.suffix(2))"
        default: return nil
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    // MARK: - Levels

    /// The level for a sender's word or number; nil if it is stored unchanged or not known.
    private static func level(
        _ value: JSONScanner.Slice, in line: UnsafeRawBufferPointer
    ) -> Event.Level? {
        guard value.kind == .number || value.kind == .string, value.range.count <= 32,
            let text = value.kind == .number ? value.raw(in: line) : value.text(in: line),
            value.kind == .number || Event.Level(rawValue: text) == nil
        else { return nil }
        return level(text)
    }

    /// Maps names of syslog, log4j, Python, zap, .NET and systemd, and numbers of syslog (RFC 5424
    /// §6.2.1: 0 to 7) and of pino and bunyan (10 to 60). Python's numbers have other meanings and
    /// are not supported.
    public static func level(_ text: String) -> Event.Level? {
        switch text.lowercased() {
        case "trace", "debug", "verbose", "7", "10", "20": .debug
        case "info", "information", "informational", "notice", "6", "5", "30": .info
        case "warn", "warning", "4", "40": .warn
        case "error", "err", "severe", "critical", "crit", "fatal", "alert", "emerg", "emergency",
            "panic", "dpanic", "0", "1", "2", "3", "50", "60":
            .error
        default: nil
        }
    }
}
