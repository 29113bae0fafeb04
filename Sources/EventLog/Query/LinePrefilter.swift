import Events
import JSON

/// Finds the lines that may match a filter without parsing the others.
///
/// Searches for bytes that every matching line contains. A line with a backslash is always a
/// candidate, since an escape may spell any character.
struct LinePrefilter: Sendable {
    private enum Need: Sendable {
        /// The bytes occur in the line.
        case bytes([UInt8])
        /// A key that starts with the bytes (a quote first) has a value for which the term holds.
        case value([UInt8], Filter.Term)
        /// A delta has a value for which the term holds.
        case delta(DeltaNeedle)

        var needle: [UInt8] {
            switch self {
            case .bytes(let bytes), .value(let bytes, _): bytes
            case .delta(let delta): delta.needle
            }
        }
    }

    private let need: Need?

    /// Whether every line is a candidate.
    var isOpen: Bool { need == nil }

    init(_ filter: Filter) {
        let terms = filter.required
        var best: [UInt8] = []
        for term in terms {
            let needles = term.needles
            if needles.count == 1, needles[0].count > best.count { best = needles[0] }
        }
        if best.count > 1 {
            need = .bytes(best)
        } else if let delta = terms.lazy.compactMap(DeltaNeedle.init).first {
            need = .delta(delta)
        } else if let term = terms.first {
            need = .value([UInt8(ascii: "\"")] + term.route.first, term)
        } else {
            need = nil
        }
    }

    /// Calls `body` for each candidate line, in order, without its newline, until it returns
    /// false.
    func forEachCandidate(
        in lines: UnsafeRawBufferPointer, _ body: (_ line: Range<Int>) -> Bool
    ) {
        guard let need else {
            var start = 0
            while start < lines.count {
                let end = lines.firstNewline(from: start) ?? lines.count
                guard body(start..<end) else { return }
                start = end + 1
            }
            return
        }
        let needle = need.needle
        var at = 0
        var hit = lines.first(needle, from: 0) ?? lines.count
        var escape = lines.first(UInt8(ascii: "\\"), from: 0) ?? lines.count
        while min(hit, escape) < lines.count {
            if hit < escape, case .delta(let delta) = need, delta.isElsewhere(hit, in: lines) {
                hit = lines.first(needle, from: hit + 1) ?? lines.count
                continue
            }
            let place = min(hit, escape)
            let start = lines.lineStart(of: place, notBefore: at)
            let end = lines.firstNewline(from: place) ?? lines.count
            if escape >= end, case .value(_, let term) = need {
                let line = UnsafeRawBufferPointer(rebasing: lines[start..<end])
                if Self.mayHold(term, in: line, firstHit: hit - start, needle) {
                    guard body(start..<end) else { return }
                }
            } else {
                guard body(start..<end) else { return }
            }
            at = min(end + 1, lines.count)
            if hit < at { hit = lines.first(needle, from: at) ?? lines.count }
            if escape < at { escape = lines.first(UInt8(ascii: "\\"), from: at) ?? lines.count }
        }
    }

    /// Whether the term may hold, judged by the value after each key with which the path may
    /// start.
    private static func mayHold(
        _ term: Filter.Term, in line: UnsafeRawBufferPointer, firstHit: Int,
        _ needle: [UInt8]
    ) -> Bool {
        var hit: Int? = firstHit
        while let place = hit {
            var at = place + needle.count
            guard at < line.count else { return false }
            if line[at] == UInt8(ascii: ".") { return true }
            if line[at] == UInt8(ascii: "\"") {
                at = line.afterBlanks(at + 1)
                if at < line.count, line[at] == UInt8(ascii: ":") {
                    at = line.afterBlanks(at + 1)
                    guard let slice = try? JSONScanner.value(at: at, in: line) else { return true }
                    if slice.kind == .array || slice.kind == .object, term.path.count == 1 {
                        return true
                    }
                    if term.holds(at: slice, from: 1, in: line) { return true }
                }
            }
            hit = line.first(needle, from: place + 1)
        }
        return false
    }
}

/// The bytes that a line must contain for a term such as `deltas.canary.5xx_rate.value>0.01`.
///
/// Whatever form the deltas have, part of the metric's name occurs in the line: as a key, within
/// a key, or in the value of `metric` or `check`. If it occurs in the form that this program
/// writes, the number after it decides; otherwise the line is a candidate.
private struct DeltaNeedle: Sendable {
    let needle: [UInt8]
    /// The bytes before and after the needle in the form that this program writes.
    private let before: [UInt8]
    private let after: [UInt8]
    private let comparison: Filter.Term.Comparison
    private let number: Double

    init?(_ term: Filter.Term) {
        switch term.comparison {
        case .equal, .greater, .less, .atLeast, .atMost: break
        case .contains, .matches, .isIn: return nil
        }
        let names = term.path.dropFirst().dropLast()
        // A number in the path is an index, which does not occur in the line's text.
        guard term.path.first == "deltas", term.path.last == "value", let number = term.bound,
            names.allSatisfy({ Int($0) == nil }),
            let longest = names.indices.max(by: { names[$0].utf8.count < names[$1].utf8.count }),
            !names[longest].isEmpty
        else { return nil }
        self.number = number
        comparison = term.comparison
        needle = Array(names[longest].utf8)
        let left = names[..<longest].map { $0 + "." }.joined()
        let right = names[(longest + 1)...].map { "." + $0 }.joined()
        before = Array(#"{"metric":"\#(left)"#.utf8)
        after = Array(#"\#(right)","value":"#.utf8)
    }

    /// Whether the needle at `place` is the metric of a delta directly followed by a value that
    /// does not satisfy the term.
    func isElsewhere(_ place: Int, in lines: UnsafeRawBufferPointer) -> Bool {
        guard lines.holds(before, at: place - before.count),
            lines.holds(after, at: place + needle.count)
        else { return false }
        let start = place + needle.count + after.count
        var end = start
        while end < lines.count, end - start < 20, lines[end] != UInt8(ascii: ","),
            lines[end] != UInt8(ascii: "}")
        {
            end += 1
        }
        let text = UnsafeRawBufferPointer(rebasing: lines[start..<end])
        guard let found = DecimalNumber.read(text) else { return false }
        return switch comparison {
        case .greater: found <= number
        case .less: found >= number
        case .atLeast: found < number
        case .atMost: found > number
        default: found != number
        }
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func afterBlanks(_ start: Int) -> Int {
        var at = start
        while at < count, self[at] == UInt8(ascii: " ") || self[at] == UInt8(ascii: "\t") {
            at += 1
        }
        return at
    }
}
