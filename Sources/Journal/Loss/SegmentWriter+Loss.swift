import Events
import Telemetry

/// The writer's answer to files that somebody else removed, cut or replaced.
///
/// Nothing is acknowledged that its name does not lead to: `harm` is asked after each write and,
/// between groups, twice a second. The open segment is then closed with what is left of it, and
/// the next one takes the lines. What is at the name and not ours is put aside, never overwritten.
extension SegmentWriter {
    /// How long the writer may go without looking at its files.
    static let lookEvery = Duration.milliseconds(500)

    /// Looks at the open segment, the folder and the lock when that was long ago.
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

    /// Goes on in a segment behind `position`, if that is behind the head.
    mutating func goOn(behind position: LogPosition, of reader: String) {
        guard position > state.head, SegmentName.numbers.contains(position.segment), !lock.isLost
        else { return }
        let head = state.head
        if let segment = active { retire(segment) }
        number = max(number, position.segment + 1)
        let skipped = max(head.segment, 1)...position.segment
        // So that a later start does not report it again.
        keeper.note(
            gone: skipped.suffix(RemovedSegments.most).compactMap { number in
                number == newest?.number
                    ? nil : RemovedSegments.Entry(number: number, lines: 0, end: 0)
            })
        report(
            LogDamage(
                file: "log",
                what: "the log ends before the place that the reader \(reader) has read to",
                missing: head..<position, lines: nil))
        do throws(Refusal) { try ensureActive() } catch { enterShedding(error) }
    }

    /// Another process may have taken the log over while its lock file was gone.
    mutating func checkLock() {
        switch lock.check() {
        case .held: break
        case .restored:
            report(LogDamage(file: "../lock", what: "the lock file was removed by somebody else"))
        case .lost:
            // The files are the other process's now.
            if let segment = active { files.close(segment.file) }
            active = nil
            sealer.hold()
            enterShedding(Refusal(.lockLost))
        }
    }

    /// Counts and reports what somebody else did.
    func report(_ damage: LogDamage) {
        state.report { $0.add(damage) }
        telemetry.emit(LogFilesTouched(damage: damage))
    }

    /// Closes the open segment with what is left of its acknowledged lines.
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
        // A segment that held no line gives its number to the next one.
        number = segment.end > 0 ? segment.number + 1 : segment.number
        if let kept, kept.end > 0 {
            newest = name
            ledger.close(segment.number, bytes: kept.physicalEnd)
            state.cut(plain: segment.number, to: kept.end, lines: kept.lines)
            sealer.seal(name, end: kept.end, lines: kept.lines, marks: marks)
        } else {
            ledger.setActive(0)
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

    /// The file is at its name, but a part of it is gone: keeps the whole groups at its start.
    private func keepWhole(
        of segment: ActiveSegment, as name: SegmentName
    ) throws(SystemFault) -> (end: UInt64, lines: Int, physicalEnd: Int) {
        let scan = try PlainScan(segment.file, files: files, limit: segment.end)
        let path = folder.file(SegmentName.active)
        guard scan.end > 0, scan.number == segment.number else {
            let first = try files.read(segment.file, at: 0, count: 1).first
            // Begins with a hole: all that is in it was written by us after the cut.
            try putAside(path, unless: scan.number == segment.number || first == 0)
            return (0, 0, 0)
        }
        try files.truncate(segment.file, to: scan.physicalEnd)
        try files.sync(segment.file)
        try files.rename(path, to: folder.file(name.plain))
        try files.syncFolder(folder.path)
        return (scan.end, scan.lines, scan.physicalEnd)
    }

    /// The file is not at its name, but still open: copies it to where a closed segment belongs.
    private func rescue(
        _ segment: ActiveSegment, as name: SegmentName, _ harm: SegmentHarm
    ) throws(SystemFault) -> (end: UInt64, lines: Int, physicalEnd: Int) {
        if harm == .replaced { try putAside(folder.file(SegmentName.active), unless: false) }
        guard segment.end > 0 else { return (0, 0, 0) }
        try files.rescue(
            segment.file, bytes: segment.physicalEnd, to: folder.file(name.plain), in: folder.path)
        return (segment.end, segment.lines, segment.physicalEnd)
    }

    /// Moves what is at the name of the open segment to a name that the log does not use, or
    /// removes it when it is ours and holds nothing.
    private func putAside(_ path: String, unless isOurs: Bool) throws(SystemFault) {
        do throws(SystemFault) {
            let size = (try? files.facts(path))?.bytes ?? 0
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
