import CZlib
import JSONScan

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Finds the lines of a member that may match an expression without parsing the
/// others: by bytes that a matching line must hold.
///
/// A backslash may spell anything, so lines with one are always looked at.
struct LinePrefilter: Sendable {
    private enum Need: Sendable {
        /// The bytes occur in the line.
        case bytes([UInt8])
        /// A key that starts with the bytes (a quote first) leads to a value that holds.
        case value([UInt8], Expression.Term)
    }

    private let need: Need?

    init(_ expression: Expression) {
        var best: [UInt8] = []
        for term in expression.terms {
            switch term.comparison {
            case .contains: break
            // Numbers are equal in more than one spelling.
            case .equal where term.number == nil: break
            default: continue
            }
            if term.value.utf8.count > best.count { best = Array(term.value.utf8) }
        }
        if best.count > 1 {
            need = .bytes(best)
        } else if let term = expression.terms.first(where: { $0.comparison != .notEqual }) {
            need = .value([UInt8(ascii: "\"")] + term.route.first, term)
        } else {
            need = nil
        }
    }

    /// Calls `body` for each line that may match, in order, without its newline.
    func forEachCandidate(
        in lines: UnsafeRawBufferPointer, _ body: (_ line: Range<Int>) -> Void
    ) {
        guard let need else {
            lines.forEachLine { line, start in body(start..<(start + line.count)) }
            return
        }
        let needle =
            switch need {
            case .bytes(let bytes): bytes
            case .value(let bytes, _): bytes
            }
        var at = 0
        var hit = lines.first(needle, from: 0) ?? lines.count
        var escape = lines.first(UInt8(ascii: "\\"), from: 0) ?? lines.count
        while min(hit, escape) < lines.count {
            let place = min(hit, escape)
            let start = lines.lineStart(of: place, notBefore: at)
            let end = lines.firstNewline(from: place) ?? lines.count
            if escape < end {
                body(start..<end)
            } else if case .value(_, let term) = need {
                let line = UnsafeRawBufferPointer(rebasing: lines[start..<end])
                if Self.mayHold(term, in: line, firstHit: hit - start, needle) {
                    body(start..<end)
                }
            } else {
                body(start..<end)
            }
            at = min(end + 1, lines.count)
            if hit < at { hit = lines.first(needle, from: at) ?? lines.count }
            if escape < at { escape = lines.first(UInt8(ascii: "\\"), from: at) ?? lines.count }
        }
    }

    /// Looks at the value behind each key that the path may begin with.
    private static func mayHold(
        _ term: Expression.Term, in line: UnsafeRawBufferPointer, firstHit: Int,
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

extension UnsafeRawBufferPointer {
    fileprivate func first(_ byte: UInt8, from start: Int) -> Int? {
        guard start < count, let base = baseAddress,
            let found = memchr(base + start, Int32(byte), count - start)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }

    fileprivate func first(_ needle: [UInt8], from start: Int) -> Int? {
        guard start < count, let base = baseAddress,
            let found = memmem(base + start, count - start, needle, needle.count)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }

    /// Where the line that holds `place` starts.
    fileprivate func lineStart(of place: Int, notBefore floor: Int) -> Int {
        var at = place
        while at > floor, self[at - 1] != UInt8(ascii: "\n") { at -= 1 }
        return at
    }

    fileprivate func afterBlanks(_ start: Int) -> Int {
        var at = start
        while at < count, self[at] == UInt8(ascii: " ") || self[at] == UInt8(ascii: "\t") {
            at += 1
        }
        return at
    }
}
