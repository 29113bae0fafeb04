import Events
import Telemetry

/// Handles files that another process removed, truncated or replaced.
///
/// Lines are acknowledged only if the file's path leads to them: `harm` runs after each write,
/// and twice a second between groups. On a change, the open segment is closed with its remaining
/// lines, and the next one takes new lines. A foreign file at the path is renamed, never
/// overwritten.
extension SegmentWriter {
    /// The longest time between two checks of the files.
    static let lookEvery = Duration.milliseconds(500)

    /// Checks the open segment, the folder and the lock if the last check is long enough ago.
    mutating func lookIfDue() {
        guard ContinuousClock.now - lookedAt >= Self.lookEvery else { return }
        look()
    }

    mutating func look() {
        lookedAt = .now
        checkLock()
        guard !lock.isLost else { return }
        if let segment = active,
            let harm = files.harm(
                to: segment.file, end: segment.physicalEnd, joint: segment.physicalEnd)
        {
            giveUp(segment, for: harm)
            do throws(Refusal) { try ensureActive() } catch { enterShedding(error) }
        }
        if let active { headFile.reopenIfGone(in: folder, record: active.record) }
        let missing = keeper.missingFiles(plain: state.closed)
        for file in missing where file.isPlain { state.forget(plain: file.number) }
        let damage = missing.map(\.damage)
        guard damage.count > 3 else {
            for one in damage { report(one) }
            return
        }
        report(LogDamage(files: damage))
    }

    /// Continues in a segment after `position`, if that is after the head.
    mutating func goOn(behind position: LogPosition, of reader: String) {
        guard position > state.head, position.segment < SegmentName.numbers.upperBound, !lock.isLost
        else { return }
        let head = state.head
        if let segment = active { retire(segment) }
        number = max(number, position.segment + 1)
        let skipped = max(head.segment, 1)...position.segment
        // Recorded so that a later start does not report it again.
        keeper.note(
            gone: skipped.suffix(RemovedSegments.most).compactMap { number in
                number == newest?.number
                    ? nil : RemovedSegments.Entry(number: number, lines: 0, end: 0)
            })
        report(
            LogDamage(
                file: "log",
                what: "the log ends before the position that reader \(reader) has already read",
                missing: head..<position, lines: nil))
        do throws(Refusal) { try ensureActive() } catch { enterShedding(error) }
    }

    /// Checks whether another process took over the log while its lock file was missing.
    mutating func checkLock() {
        switch lock.check() {
        case .held: break
        case .restored:
            report(LogDamage(file: "../lock", what: "the lock file was removed by another process"))
        case .lost:
            // The files now belong to the other process.
            if let segment = active { files.close(segment.file) }
            active = nil
            sealer.hold()
            enterShedding(Refusal(.lockLost))
        }
    }

    /// Counts and reports a change by another process.
    func report(_ damage: LogDamage) {
        state.report { $0.add(damage) }
        telemetry.emit(LogFilesTouched(damage: damage))
    }

    /// Closes the open segment and keeps the acknowledged lines that are left.
    mutating func giveUp(_ segment: ActiveSegment, for harm: SegmentHarm) {
        active = nil
        defer { files.close(segment.file) }
        let name = SegmentName(
            first: segment.firstAt ?? clock.now, number: segment.number, after: newest)
        let kept: (end: UInt64, lines: Int, physicalEnd: Int)?
        do throws(SystemFault) {
            try files.makeFolder(folder.path)
            kept =
                harm == .cut
                ? try keepWhole(of: segment, as: name) : try rescue(segment, as: name, harm)
        } catch {
            kept = nil
            telemetry.emit(
                DamageFound(path: error.path, what: "\(error.call) failed; its lines are lost"))
        }
        let end = kept?.end ?? 0
        // If the segment contained no line, the next one reuses its number.
        number = segment.end > 0 ? segment.number + 1 : segment.number
        if let kept, kept.end > 0 {
            newest = name
            usage.close(segment.number, bytes: kept.physicalEnd)
            state.cut(plain: segment.number, to: kept.end, lines: kept.lines)
            sealer.seal(name, end: kept.end, lines: kept.lines, marks: marks)
        } else {
            usage.setActive(0)
            state.forget(plain: segment.number)
            if segment.end > 0 {
                keeper.note(gone: segment.number, lines: segment.lines, end: segment.end)
            }
        }
        rotation = .installing(after: segment.end > 0 ? end : segment.after)
        for (place, report) in reports where place > end { state.report { $0 += report } }
        reports = []
        let lost = segment.lines - (kept?.lines ?? 0)
        report(
            LogDamage(
                file: SegmentName.active, what: harm.words,
                missing: end < segment.end
                    ? LogPosition(segment: segment.number, offset: end)..<segment.head : nil,
                lines: max(0, lost)))
    }

    /// Keeps the whole groups at the start of a file that is damaged but still at its path.
    private func keepWhole(
        of segment: ActiveSegment, as name: SegmentName
    ) throws(SystemFault) -> (end: UInt64, lines: Int, physicalEnd: Int) {
        let scan = try PlainScan(segment.file, files: files, limit: segment.end)
        let path = folder.file(SegmentName.active)
        guard scan.end > 0, scan.number == segment.number else {
            let first = try files.read(segment.file, at: 0, count: 1).first
            // The file starts with a hole: it contains only what was written after the truncation.
            try putAside(path, unless: scan.number == segment.number || first == 0)
            return (0, 0, 0)
        }
        try files.truncate(segment.file, to: scan.physicalEnd)
        try files.sync(segment.file)
        try files.rename(path, to: folder.file(name.plain))
        try files.syncFolder(folder.path)
        return (scan.end, scan.lines, scan.physicalEnd)
    }

    /// Copies a file that is open but not at its path to the path of a closed segment.
    private func rescue(
        _ segment: ActiveSegment, as name: SegmentName, _ harm: SegmentHarm
    ) throws(SystemFault) -> (end: UInt64, lines: Int, physicalEnd: Int) {
        if harm == .replaced { try putAside(folder.file(SegmentName.active), unless: false) }
        guard segment.end > 0 else { return (0, 0, 0) }
        try files.rescue(
            segment.file, bytes: segment.physicalEnd, to: folder.file(name.plain), in: folder.path)
        return (segment.end, segment.lines, segment.physicalEnd)
    }

    /// Renames the file at the open segment's path to a name that the log does not use.
    ///
    /// Removes it instead if it is empty or, with `isOurs`, contains only the log's own bytes.
    private func putAside(_ path: String, unless isOurs: Bool) throws(SystemFault) {
        do throws(SystemFault) {
            let size = try files.facts(path).bytes
            if isOurs || size == 0 {
                do throws(SystemFault) {
                    try files.remove(path)
                    return
                } catch { if error.isAbsence { return } }
            }
            let aside = path + ".aside-\(clock.now.basic)"
            try files.rename(path, to: aside)
        } catch { if !error.isAbsence { throw error } }
    }
}
