public import JSON

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A dotted path to values within a line.
///
/// At an array, the rest of the path is tried on every element. A number selects one element
/// (`deltas.0.value`), and so do parts that equal the element's `metric` or `check`
/// (`deltas.canary.5xx_rate.value`).
public struct FieldPath: Sendable, Hashable {
    private struct Part: Sendable, Hashable {
        let name: [UInt8]
        /// The index of an array element, if the part is a number.
        let place: Int?
        /// This part and all after it, joined by dots: keys may themselves contain dots.
        let rest: [UInt8]
    }

    private let parts: [Part]

    public init(_ names: [String]) {
        parts = names.indices.map { i in
            Part(
                name: Array(names[i].utf8), place: Int(names[i]),
                rest: Array(names[i...].joined(separator: ".").utf8))
        }
    }

    public init(_ text: String) { self.init(Self.parts(text)) }

    /// The names of a dotted path.
    static func parts(_ text: String) -> [String] {
        text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    }

    /// The first part of the path.
    public var first: [UInt8] { parts.first?.name ?? [] }

    /// The name of the member, if the path has only one part.
    public var only: [UInt8]? { parts.count == 1 ? parts[0].name : nil }

    /// Calls `body` for every value below the validated `slice` that the path names.
    public func visit(
        _ slice: JSONScanner.Slice, in line: UnsafeRawBufferPointer,
        _ body: (JSONScanner.Slice) -> Void
    ) {
        visit(slice, from: 0, in: line) { value, _ in body(value) }
    }

    /// As `visit(_:in:_:)`, with the object that contains the value; nil if that is above `slice`.
    ///
    /// - Parameter first: The index of the first part to match.
    func visit(
        _ slice: JSONScanner.Slice, from first: Int, of owner: JSONScanner.Slice? = nil,
        in line: UnsafeRawBufferPointer,
        _ body: (_ value: JSONScanner.Slice, _ owner: JSONScanner.Slice?) -> Void
    ) {
        guard first < parts.count else {
            body(slice, owner)
            return
        }
        let part = parts[first]
        // The line was validated as a whole, so the scans cannot fail.
        switch slice.kind {
        case .object:
            try? JSONScanner.members(of: slice, in: line) { key, value throws(JSONFault) in
                if key.spells(part.name, in: line) {
                    visit(value, from: first + 1, of: slice, in: line, body)
                } else if first + 1 < parts.count, key.spells(part.rest, in: line) {
                    body(value, slice)
                }
            }
        case .array:
            var place = 0
            try? JSONScanner.elements(of: slice, in: line) { element throws(JSONFault) in
                if let wanted = part.place {
                    if place == wanted { visit(element, from: first + 1, in: line, body) }
                } else {
                    visit(element, from: first, in: line, body)
                }
                if first + 1 < parts.count, element.kind == .object {
                    visit(named: element, from: first, in: line, body)
                }
                place += 1
            }
        default: break
        }
    }

    /// Visits an element of an array that the path selects by its `metric` or `check`.
    private func visit(
        named element: JSONScanner.Slice, from first: Int, in line: UnsafeRawBufferPointer,
        _ body: (_ value: JSONScanner.Slice, _ owner: JSONScanner.Slice?) -> Void
    ) {
        var after: Int?
        try? JSONScanner.members(of: element, in: line) { key, value throws(JSONFault) in
            guard after == nil, value.kind == .string,
                key.equals("metric", in: line) || key.equals("check", in: line)
            else { return }
            after = part(after: value, from: first, in: line)
        }
        if let after { visit(element, from: after, in: line, body) }
    }

    /// Returns the index of the part after those that form `name`; nil if they do not match.
    private func part(
        after name: JSONScanner.Slice, from first: Int, in line: UnsafeRawBufferPointer
    ) -> Int? {
        let rest = parts[first].rest
        if name.escaped {
            guard let text = name.text(in: line) else { return nil }
            return Array(text.utf8).withUnsafeBytes { part(after: $0, rest: rest, from: first) }
        }
        return part(
            after: UnsafeRawBufferPointer(rebasing: line[name.range.dropFirst().dropLast()]),
            rest: rest, from: first)
    }

    private func part(
        after name: UnsafeRawBufferPointer, rest: [UInt8], from first: Int
    ) -> Int? {
        guard name.count < rest.count, rest[name.count] == UInt8(ascii: "."),
            let start = name.baseAddress, memcmp(start, rest, name.count) == 0
        else { return nil }
        let dots = name.reduce(0) { $0 + ($1 == UInt8(ascii: ".") ? 1 : 0) }
        return first + dots + 1
    }
}

extension JSONScanner.Slice {
    /// Whether a key equals `name`, with its escapes decoded.
    func spells(_ name: [UInt8], in line: UnsafeRawBufferPointer) -> Bool {
        if escaped { return text(in: line).map { Array($0.utf8) == name } ?? false }
        guard range.count == name.count + 2, let start = line.baseAddress else { return false }
        return memcmp(start + range.lowerBound + 1, name, name.count) == 0
    }
}

/// Finds top-level members of a line of the log, which is already validated.
///
/// Stops scanning as soon as the caller has what it needs.
public enum LineMember {
    /// Calls `visit` for the value of each member called `name` until it returns false.
    public static func visit(
        _ name: [UInt8], in line: UnsafeRawBufferPointer, _ visit: (JSONScanner.Slice) -> Bool
    ) {
        try? JSONScanner.members(of: line, limits: .event) { key, value throws(JSONFault) in
            guard key.spells(name, in: line) else { return }
            // Any error ends the scan.
            guard visit(value) else { throw JSONFault(.trailingBytes, at: value.range.upperBound) }
        }
    }

    /// The value of the first member called `name`.
    public static func first(
        _ name: [UInt8], in line: UnsafeRawBufferPointer
    ) -> JSONScanner.Slice? {
        var found: JSONScanner.Slice?
        visit(name, in: line) { value in
            found = value
            return false
        }
        return found
    }
}
