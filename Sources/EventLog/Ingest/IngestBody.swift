public import Events
import JSON

/// The validated events of one body. Nothing is written or counted yet.
///
/// The usual body has one JSON object per line; its lines are kept byte for byte. Arrays,
/// pretty-printed and concatenated objects, and other common forms of time and level (`SenderForm`)
/// are rewritten to one event per line.
public struct IngestBody: Sendable {
    /// The bytes that the ranges of `lines` refer to.
    private(set) var bytes: [UInt8]
    private(set) var lines: [AppendRequest.Line] = []
    /// The first rejected lines, at most `IngestReceipt.listed`.
    private(set) var rejected: [IngestReceipt.Rejection] = []
    private(set) var rejectedTotal = 0
    /// The node of the first line that names one.
    private(set) var sender: Hash128?
    /// See `AppendRequest.checksum`.
    private(set) var checksum: UInt32?
    /// Minimum length of a run that is checksummed here. For a shorter one, the writer computes the
    /// checksum about as fast as it combines two.
    private static let summedFrom = 32 << 10
    /// Lines of this node, and decisions, are rejected; nil in a body of the node itself.
    private var ownNode: Hash128?
    private var isRewritten = false

    /// Bytes of memory used besides the received body.
    public var tableBytes: Int {
        lines.capacity * MemoryLayout<AppendRequest.Line>.stride
            + (isRewritten ? bytes.capacity : 0)
    }

    /// Whether any line is valid.
    public var hasEvents: Bool { !lines.isEmpty }

    /// Validates a body that this node created itself.
    public init(_ body: [UInt8]) { self.init(body, refusing: nil) }

    /// - Parameter node: Lines of this node are rejected.
    init(_ body: [UInt8], refusing node: Hash128?) {
        bytes = body
        ownNode = node
        let isRegular = body.withUnsafeBytes { cutLines($0) }
        guard !isRegular else { return }
        self = body.withUnsafeBytes { rewritten($0) }
    }

    private init(rewritingFor node: Hash128?) {
        bytes = []
        ownNode = node
        isRewritten = true
    }

    // MARK: - One object a line

    /// Returns false if a rejected line may be valid in another form.
    private mutating func cutLines(_ body: UnsafeRawBufferPointer) -> Bool {
        lines.reserveCapacity(body.count / 400)
        var number = 0
        var isWhole = true
        var isRegular = true
        body.forEachLine { line, start in
            number += 1
            guard !line.isBlank else { return }
            do throws(EventFault) {
                let scanned = try ScannedLine(line, from: .sender)
                if let last = lines.last, last.range.upperBound + 1 != start { isWhole = false }
                try take(scanned, start..<(start + line.count))
            } catch {
                if error.mayBeOfForm { isRegular = false }
                reject(number, error)
            }
        }
        if isWhole { sumUp(body) }
        return isRegular
    }

    private mutating func take(
        _ scanned: ScannedLine, _ range: Range<Int>
    ) throws(EventFault) {
        if let ownNode {
            if scanned.node == ownNode { throw .ownNode }
            if scanned.isReserved { throw .reserved }
        }
        lines.append(AppendRequest.Line(range: range, key: scanned.key, kind: scanned.kind))
        if sender == nil { sender = scanned.node }
    }

    /// Counts a rejected event; `number` is its line or its ordinal in the body, from 1.
    public mutating func reject(_ number: Int, _ fault: EventFault) {
        rejectedTotal += 1
        if rejected.count < IngestReceipt.listed {
            rejected.append(IngestReceipt.Rejection(line: number, error: fault))
        }
    }

    private mutating func sumUp(_ body: UnsafeRawBufferPointer) {
        guard let first = lines.first, let last = lines.last,
            last.range.upperBound - first.range.lowerBound >= Self.summedFrom
        else { return }
        let run = first.range.lowerBound..<last.range.upperBound
        let sum = Checksum.crc32(UnsafeRawBufferPointer(rebasing: body[run]))
        checksum = withUnsafeBytes(of: UInt8(ascii: "\n")) {
            Checksum.crc32($0, continuing: sum)
        }
    }

    // MARK: - Other forms

    /// Parses the body in the other forms; returns the original lines if that finds no more events.
    private func rewritten(_ body: UnsafeRawBufferPointer) -> IngestBody {
        if let fault = BodyFault(encodingOf: body) { return refused(fault) }
        // Also an array on one line: its elements are counted, not the line.
        let isArray = ValueSequence.beginsArray(body)
        var byLine = IngestBody(rewritingFor: ownNode)
        if !isArray, byLine.rewriteLines(body) { return better(byLine) }
        // A value spans several lines, or the text is invalid.
        do throws(JSONFault) {
            try ValueSequence.forEachValue(of: body) { _ in }
            var byValue = IngestBody(rewritingFor: ownNode)
            var number = 0
            try ValueSequence.forEachValue(of: body) { value in
                number += 1
                byValue.rewrite(UnsafeRawBufferPointer(rebasing: body[value]), number: number)
            }
            return byValue
        } catch {
            // Single lines of an array can look like events.
            if ValueSequence.isArray(body) { return refused(.array(error)) }
            if isArray { _ = byLine.rewriteLines(body) }
            return better(byLine)
        }
    }

    /// Returns `other`, or, if it has as many events, the original body with the rejections of
    /// `other`.
    private func better(_ other: IngestBody) -> IngestBody {
        guard other.lines.count == lines.count else { return other }
        var same = self
        same.rejected = other.rejected
        return same
    }

    private func refused(_ fault: BodyFault) -> IngestBody {
        var none = IngestBody(rewritingFor: nil)
        none.reject(1, .body(fault))
        return none
    }

    /// Takes each line, and each value of a line that contains several. Returns false if a line is
    /// neither.
    private mutating func rewriteLines(_ body: UnsafeRawBufferPointer) -> Bool {
        var number = 0
        var isComplete = true
        body.forEachLine { whole, _ in
            number += 1
            let line = UnsafeRawBufferPointer(
                rebasing: whole[ValueSequence.marks(before: whole)...])
            guard !line.isBlank else { return }
            guard let fault = rewriteOne(line) else { return }
            guard case .json(let json) = fault, json.mayBeSeveral else {
                return reject(number, fault)
            }
            do throws(JSONFault) {
                try ValueSequence.forEachValue(of: line) { _ in }
                try ValueSequence.forEachValue(of: line) { value in
                    rewrite(UnsafeRawBufferPointer(rebasing: line[value]), number: number)
                }
            } catch {
                isComplete = false
                reject(number, fault)
            }
        }
        return isComplete
    }

    private mutating func rewrite(_ value: UnsafeRawBufferPointer, number: Int) {
        let fault =
            value.contains(UInt8(ascii: "\n")) || value.contains(UInt8(ascii: "\r"))
            ? ValueSequence.compact(value).withUnsafeBytes { rewriteOne($0) }
            : rewriteOne(value)
        if let fault { reject(number, fault) }
    }

    /// Appends one event; returns the fault if it is invalid.
    private mutating func rewriteOne(_ line: UnsafeRawBufferPointer) -> EventFault? {
        do throws(EventFault) {
            try append(line)
            return nil
        } catch {
            guard error.mayBeMapped, let mapped = SenderForm.mapped(line) else { return error }
            return mapped.withUnsafeBytes { mapped in
                do throws(EventFault) {
                    try append(mapped)
                    return nil
                } catch { return error }
            }
        }
    }

    private mutating func append(_ line: UnsafeRawBufferPointer) throws(EventFault) {
        let scanned = try ScannedLine(line)
        let start = bytes.count
        try take(scanned, start..<(start + line.count))
        bytes.append(contentsOf: line)
        bytes.append(UInt8(ascii: "\n"))
    }
}

extension UnsafeRawBufferPointer {
    var isBlank: Bool {
        first != UInt8(ascii: "{") && allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
    }
}

extension EventFault {
    /// Whether the same bytes may be an event in a form other than one object per line.
    fileprivate var mayBeOfForm: Bool {
        if case .json = self { return true }
        return mayBeMapped
    }

    /// Whether the fault concerns a member that `SenderForm` may map.
    fileprivate var mayBeMapped: Bool {
        switch self {
        case .missing("ts"): true
        case .outside("ts", _, _), .outside("level", _, _): true
        default: false
        }
    }
}

extension JSONFault {
    /// Whether a line with this fault may be a part of a value, or contain several values.
    fileprivate var mayBeSeveral: Bool {
        switch reason {
        case .empty, .unexpectedByte, .unexpectedEnd, .trailingBytes, .notAnObject, .tooLong: true
        default: false
        }
    }
}

extension BodyFault {
    /// Detects encodings other than UTF-8, and compression; nil if the text may be UTF-8.
    fileprivate init?(encodingOf body: UnsafeRawBufferPointer) {
        guard body.count >= 2 else { return nil }
        switch (body[0], body[1]) {
        case (0xFF, 0xFE), (0xFE, 0xFF), (UInt8(ascii: "{"), 0), (0, UInt8(ascii: "{")),
            (UInt8(ascii: "["), 0), (0, UInt8(ascii: "[")):
            self = .utf16
        // MessagePack: an array or map with a length of 4, 16 or 32 bits.
        case (0x80...0x9F, _), (0xDC...0xDF, _): self = .messagePack
        case (0x1F, 0x8B): self = .compressed(by: "gzip")
        case (0x28, 0xB5) where body.starts(with: [0x28, 0xB5, 0x2F, 0xFD]):
            self = .compressed(by: "zstd")
        // RFC 1950 §2.2, at the usual levels.
        case (0x78, 0x01), (0x78, 0x9C), (0x78, 0xDA): self = .compressed(by: "deflate")
        default: return nil
        }
    }
}
