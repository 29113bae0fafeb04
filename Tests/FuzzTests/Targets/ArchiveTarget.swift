import Events

@testable import EventLog

/// A sealed segment with changed bytes.
///
/// The lines read are a subset of those written, in order; no undamaged line is lost; repair makes
/// the segment valid.
///
/// The input: a mode, the lines per member, changes (a count; offset and value each), lines. The
/// changes apply to the archive and the index alike. Depending on the mode they apply to the index
/// alone, whose checksums are recalculated (a forged index may contain anything, and must cause no
/// crash), or the lines are an archive themselves.
enum ArchiveTarget {
    static func run(_ input: [UInt8]) throws {
        var input = InputBytes(input)
        let mode = input.byte()
        let perMember = 1 + Int(input.byte() % 4)
        let changes = (0..<Int(input.byte() % 12)).map { _ in (input.word(), input.byte()) }
        switch mode % 3 {
        case 0: try damage(SealedLog(lines(input), perMember: perMember), changes)
        case 1: try forge(SealedLog(lines(input), perMember: perMember), changes)
        default:
            let log = SealedLog([], perMember: 1)
            log.files[log.archivePath] = Array(input.rest)
            log.files[log.indexPath] = nil
            try askEverything(log)
        }
    }

    private static func lines(_ input: InputBytes) -> [[UInt8]] {
        // The log stores an event once: an identity occurs once.
        var keys: [ScannedLine.Key] = []
        return input.lines.filter { line in
            guard line.contains(where: { $0 != 0x20 }) else { return false }
            guard let key = try? ScannedLine(line, from: .log).key, key != .none else {
                return true
            }
            defer { keys.append(key) }
            return !keys.contains(key)
        }
    }

    private static func damage(_ log: SealedLog, _ changes: [(place: Int, value: UInt8)]) throws {
        let archive = log.files[log.archivePath] ?? []
        var bytes = archive + (log.files[log.indexPath] ?? [])
        for (place, value) in changes where !bytes.isEmpty { bytes[place % bytes.count] ^= value }
        var index = Array(bytes[archive.count...])
        if let cut = changes.first, cut.value == 0 { index = Array(index.prefix(cut.place)) }
        log.files[log.indexPath] = index
        log.files[log.archivePath] = Array(bytes[..<archive.count])
        let isWhole = archive == log.files[log.archivePath]
        let answer = try log.read()
        if isWhole {
            // A line that is not a JSON object was never stored: it is not shown, but counted.
            let stored = log.lines.filter { line in line.withUnsafeBytes { $0.isObject } }
            try require(
                answer.lines == stored && answer.skipped == log.lines.count - stored.count,
                "a whole archive read as \(answer)")
            let count = try log.count(by: "event", .all)
            try require(
                count.total == stored.count, "\(stored.count) lines counted as \(count)")
        } else {
            try require(isPart(answer.lines, of: log.lines), "read what was not written: \(answer)")
            log.files[log.indexPath] = nil
            let again = try log.read()
            try require(
                isPart(again.lines, of: log.lines), "read what was not written: \(again)")
        }
        try askEverything(log)
    }

    private static func forge(_ log: SealedLog, _ changes: [(place: Int, value: UInt8)]) throws {
        guard var index = ForgedIndex(log.files[log.indexPath] ?? []) else { return }
        for change in changes { index.change(at: change.place, change.value) }
        log.files[log.indexPath] = index.sealed
        try askEverything(log)
    }

    /// Runs every query and the repair: none may fail.
    private static func askEverything(_ log: SealedLog) throws {
        for text in ["id=a", "n>1 event~a", "deltas.value>1 az!=b"] {
            let query = EventLogQuery(
                since: Timestamp(milliseconds: 0), where: try Filter(text, .events.orAny))
            _ = try log.read(query)
            _ = try log.last(2, query)
            _ = try log.count(by: "az", query)
        }
        let index = log.files[log.indexPath]
        _ = try log.verify()
        try require(log.files[log.indexPath] == index, "verify wrote")
        _ = try log.verify(repairing: true)
        let after = try log.verify()
        try require(after.isSound, "repaired, and still \(after.damage)")
        try require(log.files.descriptors == 0, "files are left open")
    }

    private static func isPart(_ some: [[UInt8]], of all: [[UInt8]]) -> Bool {
        var rest = all[...]
        for line in some {
            guard let place = rest.firstIndex(of: line) else { return false }
            rest = rest[(place + 1)...]
        }
        return true
    }
}
