import Events
import Synchronization

/// Detects whether the names in the log's folder may have changed since the last check.
struct FolderWatch: Sendable {
    private var seen: FileFacts?
    /// Whether two checks saw `seen`: a change within one tick of the clock keeps the same time.
    private var isSettled = false

    /// - Parameter facts: The folder's metadata; nil if it does not exist.
    mutating func mayHaveChanged(_ facts: FileFacts?) -> Bool {
        guard let facts, let seen, facts.isSameFile(as: seen), facts.modified == seen.modified
        else {
            seen = facts
            isSettled = false
            return true
        }
        defer { isSettled = true }
        return !isSettled
    }
}

extension QuotaKeeper {
    /// A segment whose file was removed by another process.
    struct MissingFile: Sendable {
        var number: UInt64
        /// Whether it was closed and not yet sealed.
        var isPlain: Bool
        var damage: LogDamage
    }

    /// Finds segments whose files are missing, and removes them from the log's records.
    ///
    /// Costs one `stat` while the folder does not change.
    ///
    /// - Parameter plain: Closed, unsealed segments by number.
    func missingFiles(plain: [UInt64: LogState.Plain]) -> [MissingFile] {
        guard watch.withLock({ $0.mayHaveChanged(try? folder.files.facts(folder.path)) }) else {
            return []
        }
        // Read before the names: segments sealed in between are not expected.
        let archives = usage.archives
        let entries: [LogFolder.Entry]
        do throws(SystemFault) { entries = try folder.entries() } catch {
            guard error.isAbsence else { return [] }
            entries = []
        }
        var there: Set<UInt64> = []
        for entry in entries {
            switch entry {
            case .archive(let name), .closed(let name): there.insert(name.number)
            default: break
            }
        }
        var missing: [MissingFile] = []
        var gone: [RemovedSegments.Entry] = []
        for archive in archives
        where !there.contains(archive.name.number)
            && isAbsent(archive.name.archive)
        {
            usage.remove(archive)
            gone.append(
                RemovedSegments.Entry(
                    number: archive.name.number, lines: archive.lines, end: archive.end))
            missing.append(
                MissingFile(
                    number: archive.name.number, isPlain: false,
                    damage: LogDamage(
                        removed: archive.name.archive, archive.name.number, end: archive.end,
                        lines: archive.lines)))
        }
        let sealed = Set(usage.archives.map(\.name.number))
        for (number, segment) in plain.sorted(by: { $0.key < $1.key })
        where !there.contains(number) && !sealed.contains(number) && segment.end > 0 {
            usage.drop(plain: number)
            gone.append(
                RemovedSegments.Entry(
                    number: number, lines: segment.lines ?? 0, end: segment.end))
            missing.append(
                MissingFile(
                    number: number, isPlain: true,
                    damage: LogDamage(
                        removed: "segment \(number)", number, end: segment.end,
                        lines: segment.lines)))
        }
        if !gone.isEmpty { note(gone: gone) }
        return missing
    }

    private func isAbsent(_ name: String) -> Bool {
        do throws(SystemFault) {
            _ = try folder.files.facts(folder.file(name))
            return false
        } catch { return error.isAbsence }
    }
}

extension LogDamage {
    /// Combines several files into one report.
    init(files: [LogDamage]) {
        let ranges = files.compactMap(\.missing)
        let start = ranges.map(\.lowerBound).min() ?? .start
        let counts = files.compactMap(\.lines)
        self.init(
            file: "log", what: "files of closed segments were removed by another process",
            missing: start..<max(start, ranges.map(\.upperBound).max() ?? start),
            lines: counts.count == files.count ? counts.reduce(0, +|) : nil)
    }

    /// A whole segment whose file another process removed.
    init(removed file: String, _ number: UInt64, end: UInt64, lines: Int?) {
        self.init(
            file: file, what: "the file of a closed segment was removed by another process",
            missing: LogPosition(
                segment: number, offset: 0)..<LogPosition(segment: number, offset: end),
            lines: lines)
    }
}
