import Events
import JSON

@testable import EventLog

/// A log folder with damaged files, read as every `logs` command does.
///
/// Every printed line was stored; a missing line is reported; `verify` finds the damage.
///
/// The input: changes of seven bytes each (file, kind, two for the offset, two for the length, a
/// value).
enum LogTarget {
    /// A change of a file.
    enum Harm: UInt8, CaseIterable, Sendable {
        case flip, cut, zero, remove, duplicate, insert, swap, empty, append, delete
        /// Replaces the file's bytes by those of another file.
        case replace
        /// Changes an index and recalculates its checksums.
        case forge

        /// The kinds that leave the file in its place. For missing or replaced whole files only
        /// this is checked: no crash, and no printed line that was not stored.
        static let within = allCases.filter { $0 != .delete && $0 != .replace }
    }

    struct Change: Sendable {
        var file: Int
        var harm: Harm
        var place: Int
        var length: Int
        var value: UInt8
    }

    static func run(_ input: [UInt8]) throws {
        var input = InputBytes(input)
        var changes: [Change] = []
        while !input.rest.isEmpty, changes.count < 6 {
            let file = Int(input.byte())
            let harm = Harm.allCases[Int(input.byte()) % Harm.allCases.count]
            changes.append(
                Change(
                    file: file, harm: harm, place: input.word(), length: input.word(),
                    value: input.byte()))
        }
        try judge(changes)
    }

    /// Throws a `Finding` if the log damaged by `changes` is read wrongly.
    static func judge(_ changes: [Change]) throws {
        let sample = LogFolderSample()
        for change in changes {
            let path = sample.paths[change.file % sample.paths.count]
            sample.files[path] = apply(change, to: path, of: sample)
        }
        let whole = LogFolderSample()
        let isWithin = changes.allSatisfy { Harm.within.contains($0.harm) }
        let isHarmed =
            isWithin
            && sample.paths.contains { path in
                (path.contains(".jsonl") || path.hasSuffix(".idx"))
                    && sample.files[path] != whole.files[path]
            }
        let files = Set(changes.map { $0.file % sample.paths.count })
        try Judge(
            sample: sample,
            isStrict: isWithin && files.count <= 1 && !changes.contains { $0.harm == .forge },
            isHarmed: isHarmed, query: changes.first?.place ?? 0
        ).run()
    }

    private static func apply(
        _ change: Change, to path: String, of sample: LogFolderSample
    ) -> [UInt8]? {
        guard var bytes = sample.files[path] else { return nil }
        let place = bytes.isEmpty ? 0 : change.place % bytes.count
        let range = place..<min(bytes.count, place + change.length)
        switch change.harm {
        case .flip: if !bytes.isEmpty { bytes[place] ^= max(1, change.value) }
        case .cut: bytes.removeSubrange(place...)
        case .zero: for i in range { bytes[i] = 0 }
        case .remove: bytes.removeSubrange(range)
        case .duplicate: bytes.insert(contentsOf: bytes[range], at: range.upperBound)
        case .insert:
            bytes.insert(
                contentsOf: repeatElement(change.value, count: change.length % 512), at: place)
        case .swap:
            let next = range.upperBound..<min(bytes.count, range.upperBound + range.count)
            bytes.replaceSubrange(
                range.lowerBound..<next.upperBound, with: bytes[next] + bytes[range])
        case .empty: bytes = []
        case .append:
            bytes += [UInt8](repeating: change.value, count: change.length % 4096)
        case .delete: return nil
        case .replace:
            return sample.files[sample.paths[change.place % sample.paths.count]]
        case .forge:
            guard path.hasSuffix(".idx"), var index = ForgedIndex(bytes) else { return bytes }
            index.change(at: change.place, max(1, change.value))
            return index.sealed
        }
        return bytes
    }
}

/// Reads a sample as the commands do.
private struct Judge {
    let sample: LogFolderSample
    /// Missing lines must be reported, with two exceptions: an index with valid checksums can hide
    /// lines from all but `verify`, and so can damage to a second file that records the first.
    let isStrict: Bool
    /// Whether a segment or an index differs from its original.
    let isHarmed: Bool
    let query: Int

    private struct Answer {
        var lines: [[UInt8]] = []
        var skipped = 0
    }

    private static let queries = [
        "seq>100", "az=zone-b event=analysis.healthy", "id=line-77", "message~5",
    ]

    func run() throws {
        let whole = LogFolderSample()
        let isWhole = sample.paths.allSatisfy { sample.files[$0] == whole.files[$0] }
        // First, because readers replace a lost index.
        var verification = Verification(sample.folder)
        try verification.run(repairing: false)
        let all = try read(.all)
        try check(all, of: sample.lines, "query")
        if isWhole {
            try require(
                all.lines == sample.lines && all.skipped == 0, "a whole log: \(all.skipped)")
        }
        let text = Self.queries[query % Self.queries.count]
        let query = EventLogQuery(where: try Filter(text, .events.orAny))
        let wanted = sample.lines.filter { line in line.withUnsafeBytes { query.matches($0) } }
        try check(try read(query), of: wanted, "query --where '\(text)'")
        try check(try last(1000, query), of: wanted, "tail --where '\(text)'")
        try count(query, wanted.count, "query --where '\(text)' --count-by az")
        try count(.all, sample.lines.count, "query --count-by az")
        try check(try last(1000, .all), of: sample.lines, "tail -n 1000")
        let few = try last(10, .all)
        try require(isPart(few.lines, of: sample.lines), "tail printed what was not stored")
        try check(
            verification.report, isWhole: isWhole, lost: sample.lines.count - all.lines.count)
        let stats = try? EventLogStats(sample.folder)
        try require((stats?.lines ?? 0) >= 0 && (stats?.bytes ?? 0) >= 0, "\(stats as Any)")
        _ = stats.map { ($0.linesPerSecond, $0.earliest?.rfc3339, $0.latest?.rfc3339) }
        try require(sample.files.descriptors == 0, "files are left open")
    }

    private func read(_ query: EventLogQuery) throws -> Answer {
        var answer = Answer()
        var source = LineSource(sample.view, from: .start)
        // As a command that stops and continues: every batch is a separate read.
        while true {
            let batch: EventLogBatch
            do throws(EventLogError) {
                batch = try source.batch(query, maxLines: 7, maxBytes: 1 << 20)
            } catch {
                // The command ends with this error, which reports missing lines.
                answer.skipped += 1
                return answer
            }
            answer.lines += batch.lines.map(\.bytes)
            answer.skipped += batch.skipped
            if batch.isCaughtUp { return answer }
        }
    }

    private func last(_ count: Int, _ query: EventLogQuery) throws -> Answer {
        do throws(EventLogError) {
            let batch = try LineSource.last(count, of: query, in: sample.view)
            return Answer(lines: batch.lines.map(\.bytes), skipped: batch.skipped)
        } catch { return Answer(lines: [], skipped: 1) }
    }

    private func count(_ query: EventLogQuery, _ wanted: Int, _ what: String) throws {
        var count = LogCount(sample.view, by: "az", query)
        guard let counts = try? count.run(), isStrict else { return }
        try require(counts.total <= wanted, "\(what): \(counts.total) of \(wanted) lines")
        try require(
            counts.total == wanted || counts.skipped > 0,
            "\(what): \(wanted - counts.total) lines are missing without a word")
    }

    private func check(_ answer: Answer, of wanted: [[UInt8]], _ what: String) throws {
        if let odd = answer.lines.first(where: { sample.places[$0] == nil }) {
            throw Finding(
                "\(what) printed \(String(decoding: odd, as: UTF8.self).debugDescription)")
        }
        guard isStrict else { return }
        try require(isPart(answer.lines, of: wanted), "\(what): twice, or out of order")
        try require(
            answer.lines.count == wanted.count || answer.skipped > 0,
            "\(what): \(wanted.count - answer.lines.count) lines are missing without a word")
    }

    private func check(_ report: VerifyReport, isWhole: Bool, lost: Int) throws {
        if isWhole { return try require(report.isSound, "a whole log: \(report.damage)") }
        if isHarmed { try require(!report.isSound, "verify finds nothing") }
        guard isStrict else { return }
        if lost > 0 { try require(!report.isSound, "\(lost) lines are lost, verify finds nothing") }
        guard report.damage.allSatisfy({ $0.lines != nil }) else { return }
        let said = report.damage.reduce(0) { $0 + ($1.lines ?? 0) }
        try require(
            said == lost, "verify reports \(said) lines, \(lost) are lost: \(report.damage)")
    }

    private func isPart(_ some: [[UInt8]], of all: [[UInt8]]) -> Bool {
        let places = some.map { sample.places[$0] ?? -1 }
        return !places.contains(-1) && zip(places, places.dropFirst()).allSatisfy { $0 < $1 }
            && some.count <= all.count
    }
}
