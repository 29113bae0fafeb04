import Events
import JSONScan

/// Reads a line in the form that senders mostly write: one object without white space
/// between its tokens, ASCII without escapes, fields of their usual kinds, lists of flat
/// objects. Twice as fast as the scan of any line, which reads whatever this one leaves.
///
/// What it takes, the scan takes and tells the same of; it never tells a fault.
struct PlainLine {
    private var ts: Timestamp?
    private var isNamed = false
    private var id = 0..<0
    private var node: Range<Int>?
    private var epoch: Range<Int>?
    private var seq: UInt64?
    private var kind: LineKind?
    private var weight: LineKind?

    private init?(_ tokens: PlainTokens) {
        guard readMembers(tokens) else { return nil }
    }

    /// What the log needs to know of the line; nil where only the scan can tell.
    static func scan(
        _ line: UnsafeRawBufferPointer, _ notes: inout LineNotes
    ) -> ScannedLine? {
        guard line.count <= JSONLimits.newEvent.maxBytes,
            let plain = notes.quotes.withTokens(of: line, { Self($0) }), plain.isNamed,
            let ts = plain.ts
        else { return nil }
        func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(rebasing: line[range])
        }
        let kind = plain.kind ?? plain.weight ?? .degraded
        if let node = plain.node, let epoch = plain.epoch, let seq = plain.seq {
            let names = notes.streams.names(node: bytes(node), epoch: bytes(epoch))
            return ScannedLine(
                ts: ts, key: .sequence(stream: names.stream, seq: seq), node: names.node,
                kind: kind)
        }
        let node = plain.node.map { Hash128(bytes($0)) }
        return ScannedLine(
            ts: ts,
            key: plain.id.isEmpty
                ? .none : ScannedLine.idKey(bytes(plain.id), node: node, of: line),
            node: node, kind: kind)
    }

    // MARK: - Members

    // Tokens are handed on as copies: those whose address nobody takes are kept in registers.

    private mutating func readMembers(_ start: PlainTokens) -> Bool {
        var tokens = start
        guard tokens.take(UInt8(ascii: "{")) else { return false }
        var seen: UInt32 = 0
        // One other key can't be there twice.
        var other: Range<Int>?
        var others: KeyFilter?
        while true {
            guard let key = tokens.readKey() else { return false }
            if let field = EventField(
                firstBytes: key.word, count: key.count, last: tokens.last(of: key.range))
            {
                let bit = UInt32(1) &<< UInt32(field.rawValue)
                guard seen & bit == 0 else { return false }
                seen |= bit
                if field == .deltas || field == .reasons {
                    tokens = Self.readList(isDeltas: field == .deltas, tokens)
                    guard !tokens.isBroken else { return false }
                } else {
                    guard read(field, &tokens) else { return false }
                }
            } else {
                let range = key.range
                if let first = other {
                    if others == nil {
                        others = KeyFilter()
                        others?.note(first, in: tokens.line)
                    }
                    others?.note(range, in: tokens.line)
                    if others?.isInDoubt == true { return false }
                } else {
                    other = range
                }
                guard Self.skipValue(of: key, &tokens) else { return false }
            }
            if tokens.take(UInt8(ascii: ",")) { continue }
            return tokens.take(UInt8(ascii: "}")) && tokens.isAtEnd
        }
    }

    @inline(always)
    private static func skipValue(
        of key: PlainTokens.Key, _ tokens: inout PlainTokens
    ) -> Bool {
        let next = tokens.peek
        if CountMember.mayBeNamed(firstBytes: key.word),
            next &- 0x30 < 10 || next == UInt8(ascii: "-")
        {
            return readCount(&tokens)
        }
        guard next == UInt8(ascii: "{") || next == UInt8(ascii: "[") else {
            return tokens.skipScalar()
        }
        guard let end = end(ofContainerAt: tokens.at, in: tokens.line) else { return false }
        tokens.skip(to: end)
        return true
    }

    /// A number that may be a count: only one that is clearly within the range.
    @inline(always)
    private static func readCount(_ tokens: inout PlainTokens) -> Bool {
        guard let whole = tokens.readWhole() else { return false }
        return whole <= UInt64(Count.range.upperBound)
    }

    private static func end(ofContainerAt at: Int, in line: UnsafeRawBufferPointer) -> Int? {
        try? JSONScanner.end(ofValueAt: at, in: line, limits: .newEvent, within: 1)
    }

    @inline(always)
    private mutating func read(_ field: EventField, _ tokens: inout PlainTokens) -> Bool {
        switch field {
        case .ts:
            guard let text = tokens.readText() else { return false }
            ts = Timestamp(utc: UnsafeRawBufferPointer(rebasing: tokens.line[text]))
            return ts.map { Timestamp.range.contains($0) } ?? false
        case .event:
            guard let text = tokens.readText() else { return false }
            isNamed = !text.isEmpty
            kind = Self.kind(text, tokens)
            return !tokens.says(text, "log.commit")
        case .id:
            guard let text = tokens.readText() else { return false }
            id = text
        case .node:
            guard let text = tokens.readText() else { return false }
            node = text
        case .epoch:
            guard let text = tokens.readText() else { return false }
            epoch = text
        case .seq:
            guard let whole = tokens.readWhole(), whole > 0 else { return false }
            seq = whole
        case .attempt:
            return Self.readCount(&tokens)
        case .az, .namespace, .rollout, .revision, .concern, .message, .policy, .binary:
            return tokens.readText() != nil
        case .level:
            guard let text = tokens.readText() else { return false }
            switch tokens.short(text) {
            case EventWord.info, EventWord.debug: weight = .healthy
            case EventWord.warn: weight = .degraded
            case EventWord.error: weight = .failure
            default: return false
            }
        case .status:
            guard let text = tokens.readText() else { return false }
            switch tokens.short(text) {
            case EventWord.empty, EventWord.healthy, EventWord.unknown, EventWord.degraded: break
            default: return tokens.says(text, "unhealthy")
            }
        case .deltas, .reasons: return false
        }
        return true
    }

    private static func kind(_ name: Range<Int>, _ tokens: PlainTokens) -> LineKind? {
        if name.count == 16, tokens.word(name.lowerBound) == EventWord.analysis {
            switch tokens.word(name.lowerBound + 8) {
            case EventWord.dotHealthy: return .healthy
            case EventWord.dotUnknown: return .failure
            default: return nil
            }
        }
        if tokens.says(name, "analysis.degraded") { return .degraded }
        if tokens.says(name, "analysis.unhealthy") || tokens.says(name, "analysis.recovered")
            || tokens.says(name, "log.shed") || tokens.says(name, "log.gap")
            || tokens.says(name, "delivery.dead") || tokens.says(name, "log.damaged")
            || tokens.says(name, "log.pressure") || tokens.says(name, "log.trimmed")
        {
            return .failure
        }
        if tokens.says(name, "auth.refused") || tokens.says(name, "request.refused")
            || tokens.says(name, "rate.limited")
        {
            return .refusal
        }
        return nil
    }

    // MARK: - Lists

    /// From the list's start to behind it; broken where it is not of the usual form.
    private static func readList(isDeltas: Bool, _ start: PlainTokens) -> PlainTokens {
        var tokens = start
        guard tokens.take(UInt8(ascii: "[")) else { return tokens.broken }
        if tokens.take(UInt8(ascii: "]")) { return tokens }
        repeat {
            guard readElement(isDelta: isDeltas, &tokens) else { return tokens.broken }
        } while tokens.take(UInt8(ascii: ","))
        return tokens.take(UInt8(ascii: "]")) ? tokens : tokens.broken
    }

    /// One flat object of members that we write ourselves, each once, that names what it is
    /// about.
    @inline(always)
    private static func readElement(isDelta: Bool, _ tokens: inout PlainTokens) -> Bool {
        guard tokens.take(UInt8(ascii: "{")) else { return false }
        var seen: UInt32 = 0
        repeat {
            guard let key = tokens.readKey(), key.count <= 8 else { return false }
            let bit: UInt32
            switch key.word {
            case EventWord.metric where isDelta:
                bit = 1
                guard let text = tokens.readText(), !text.isEmpty else { return false }
            case EventWord.check where !isDelta:
                bit = 1
                guard tokens.readText() != nil else { return false }
            case EventWord.value: bit = 2
            case EventWord.previous: bit = 4
            case EventWord.stable: bit = 8
            case EventWord.limit: bit = 16
            case EventWord.unit: bit = 32
            case EventWord.state: bit = 64
            case EventWord.why: bit = 128
            case EventWord.detail: bit = 256
            case EventWord.advisory: bit = 512
            default: return false
            }
            guard seen & bit == 0, bit == 1 || tokens.skipScalar() else { return false }
            seen |= bit
        } while tokens.take(UInt8(ascii: ","))
        return tokens.take(UInt8(ascii: "}")) && seen & 1 != 0
    }
}
