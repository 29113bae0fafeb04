import Events

/// Segments that should exist according to the log's records but do not.
///
/// Numbers are consecutive, the oldest segments are removed first, and removals are recorded
/// in the file `removed`. A number between the oldest and the last known one that neither exists
/// nor is recorded was removed by another process.
struct MissingSegments: Sendable, Equatable {
    /// One or more consecutive numbers.
    struct Run: Sendable, Equatable {
        var first: UInt64
        var last: UInt64
        /// Where the last segment ended; nil if unknown.
        var end: UInt64?
        /// The number of lines; nil if unknown.
        var lines: Int?

        /// The positions from the first missing line to the end of the last.
        var range: Range<LogPosition> {
            let start = LogPosition(segment: first, offset: 0)
            if let end, end > 0 { return start..<LogPosition(segment: last, offset: end) }
            return start..<LogPosition(segment: last +| 1, offset: 0)
        }
    }

    private(set) var runs: [Run] = []

    /// - Parameters:
    ///   - present: The numbers of the segments that exist.
    ///   - known: How far the log was acknowledged, from the file `head`.
    ///   - sizes: Lines and bytes of missing segments whose index still exists.
    init(
        present: Set<UInt64>, removed: RemovedSegments, known: HeadFile.Record?,
        sizes: [UInt64: (lines: Int, end: UInt64)] = [:]
    ) {
        let noted = Set(removed.entries.map(\.number))
        // If the head is at the start of its segment, that segment contained no line yet.
        let head = known.map { $0.head.offset > 0 ? $0.head.segment : $0.head.segment &- 1 } ?? 0
        let oldest = (present.union(noted).min()) ?? head
        let newest = max(present.max() ?? 0, head)
        guard oldest > 0, oldest < newest || oldest == newest && !present.contains(newest) else {
            return
        }
        // Limits the loop: a damaged file may contain any number.
        let start = max(oldest, newest &- min(newest, Self.most))
        for number in max(start, 1)...newest
        where !present.contains(number) && !noted.contains(number) {
            var size = sizes[number]
            if size == nil, let known, known.head.segment == number, let lines = known.lines {
                size = (lines, known.head.offset)
            }
            if var run = runs.last, run.last +| 1 == number {
                run.last = number
                run.end = size?.end
                run.lines = run.lines.flatMap { had in size.map { had +| $0.lines } }
                runs[runs.count - 1] = run
            } else {
                runs.append(Run(first: number, last: number, end: size?.end, lines: size?.lines))
            }
        }
    }

    /// The maximum of numbers to check, counted back from the last.
    private static let most: UInt64 = 100_000

    /// Entries to record, so that the loss is reported only once.
    var entries: [RemovedSegments.Entry] {
        runs.flatMap { run in
            let first = max(run.first, run.last &- min(run.last, UInt64(RemovedSegments.most)))
            return (first...run.last).map { number in
                RemovedSegments.Entry(
                    number: number, lines: number == run.last ? run.lines ?? 0 : 0,
                    end: number == run.last ? run.end ?? 0 : 0)
            }
        }
    }

    var damage: [LogDamage] {
        runs.map { run in
            LogDamage(
                file: run.first == run.last
                    ? "segment \(run.first)" : "segments \(run.first) to \(run.last)",
                what: "acknowledged lines are missing: their file was removed or emptied",
                missing: run.range, lines: run.lines)
        }
    }
}
