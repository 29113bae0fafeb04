import Events
import Telemetry

/// The state of the writer thread: the open segment, the dedup index, and the rotation.
///
/// All calls block on the disk. Not thread-safe.
struct SegmentWriter: ~Copyable, Sendable {
    let folder: LogFolder
    let configuration: EventLogConfiguration
    let clock: WallClock
    let telemetry: Telemetry
    let state: LogState
    let usage: DiskUsage
    let keeper: QuotaKeeper
    let sealer: Sealer
    let lock: EventLogLock

    var marks: DedupIndex
    let dedupClock: DedupClock
    var active: ActiveSegment?
    var rotation = Rotation.none
    /// The number of the open segment, or of the next one during a rotation.
    var number: UInt64
    /// The last closed segment.
    var newest: SegmentName?
    var headFile: HeadFile
    var group = CommitGroup()
    /// Whether the last group was of another copy of this log.
    var isCopying = false
    var lastSync = ContinuousClock.now
    /// When the files were last checked, and when `maintain` last ran.
    var lookedAt = ContinuousClock.now
    var maintainedAt = ContinuousClock.now
    var coverages: NodeShares
    /// Collects the replies of a group until it is committed.
    let answers: AppendAnswers
    /// When `log.shed` was last reported, and whether it was reported during the current pressure.
    var reportedAt: Timestamp?
    var isReported = false
    /// The reports in the open segment with the end of their group; repeated if they are lost
    /// with the segment.
    var reports: [(end: UInt64, report: LogReports)] = []

    var files: any LogFileSystem { folder.files }

    /// Writes the lines of `requests` as one group, makes it durable, and answers each request.
    mutating func commit(_ requests: [AppendRequest]) {
        // Readers wake after the senders: there may be many, and a measurement's answer would wait
        // behind their work.
        let state = self.state
        defer { answers.flush { state.wakeReaders() } }
        let requests = withinShares(requests)
        guard !requests.isEmpty else { return }
        let now = clock.now
        // Checks for space for all lines first: the result determines which kinds are accepted.
        var space = self.space(for: requests.reduce(0) { $0 + $1.bytes.count }, now)
        updatePressure(space.keeps)
        if space.reason == .minFree, requests.allSatisfy(\.isReport) { space.reason = nil }
        // If there is no space at all, callers are asked to retry; nothing is shed for them.
        group.form(
            requests, marks: &marks, keeping: space.reason == nil ? space.keeps : nil,
            at: dedupClock.now)
        do throws(Refusal) {
            if !group.isEmpty {
                if space.reason != nil { try freeSpace(now) }
                try ensureActive()
                try write(at: now)
                let end = active?.end ?? 0
                for request in requests {
                    if let report = request.report { reports.append((end, report)) }
                }
            }
        } catch {
            for key in group.admitted { marks.withdraw(key) }
            group.clear()
            refuse(requests, error)
            return
        }
        answer(requests)
        // The group holds the request bodies.
        group.clear()
        // A copy has the segments of its original.
        isCopying = requests.contains(where: \.isCopy)
        rotateIfDue(now)
    }

    private mutating func answer(_ requests: [AppendRequest]) {
        let head = active?.head ?? state.head
        var duplicates = 0
        if !group.shed.isEmpty { note(ShedTally(lost: group.shed, reason: .minFree)) }
        for (i, request) in requests.enumerated() {
            let (accepted, shed) = (group.acceptedPerRequest[i], group.shedPerRequest[i])
            let repeated = request.lines.count - accepted - shed.total
            duplicates += repeated
            coverages.note(request.sender, bytes: accepted == 0 ? 0 : request.bytes.count)
            answers.add(
                request.reply,
                .success(
                    AppendOutcome(
                        accepted: accepted, duplicates: repeated, shed: shed, end: head)))
        }
        let lines = group.lines
        let repeated = duplicates
        state.count {
            $0.appended += lines
            $0.duplicates += repeated
        }
        if duplicates > 0 { telemetry.emit(LinesRepeated(lines: duplicates)) }
    }

    /// Why a group was not stored.
    struct Refusal: Error {
        var reason: ShedReason
        var detail = ""

        init(_ reason: ShedReason, _ detail: String = "") {
            self.reason = reason
            self.detail = detail
        }

        init(_ fault: SystemFault) {
            reason = fault.shedReason
            detail = "\(fault.call) \(fault.path): \(SystemFault.words(fault.code))"
        }
    }

    func freeSpace(_ now: Timestamp) throws(Refusal) {
        if let reason = space(for: group.count, now).reason { throw Refusal(reason) }
    }

    func space(for bytes: Int, _ now: Timestamp) -> QuotaKeeper.Space {
        keeper.freeSpace(
            active: (active?.physicalEnd ?? 0) + bytes + CommitGroup.commitLineSpace, now: now)
    }

    private mutating func write(at now: Timestamp) throws(Refusal) {
        checkLock()
        if try append(at: now) { return }
        // Another process changed the file meanwhile: no line of the group counts as stored there.
        try ensureActive()
        guard try append(at: now) else {
            throw Refusal(.diskFault, "another process keeps removing or truncating log files")
        }
    }

    /// Writes the group and makes it durable.
    ///
    /// Returns false if the open segment was abandoned because its path no longer leads to the
    /// written bytes.
    private mutating func append(at now: Timestamp) throws(Refusal) -> Bool {
        guard var segment = active else { throw Refusal(lock.isLost ? .lockLost : .diskFault) }
        let lineBytes = group.count
        let end = segment.end + UInt64(lineBytes)
        let line = CommitLine(
            segment: segment.number, end: end, bytes: lineBytes, count: group.lines, at: now
        )
        group.finish(with: line)
        let begun = ContinuousClock.now
        do throws(SystemFault) {
            let start = segment.physicalEnd
            try group.forEachPiece { (bytes, offset) throws(SystemFault) in
                try files.writeAll(segment.file, bytes, at: start + offset)
            }
            segment.dirty = true
            if configuration.durability == .commit { try sync(&segment) }
        } catch {
            close(after: error)
            throw Refusal(error)
        }
        if let harm = files.harm(
            to: segment.file, end: segment.physicalEnd + group.count, joint: segment.physicalEnd)
        {
            group.unfinish()
            giveUp(segment, for: harm)
            return false
        }
        segment.physicalEnd += group.count
        segment.end = end
        segment.lines += group.lines
        if segment.firstAt == nil { segment.firstAt = now }
        segment.lastAt = now
        active = segment
        usage.setActive(segment.physicalEnd)
        headFile.publish(segment.record, files: files)
        state.publish(segment.head, physical: segment.physicalEnd, lines: segment.lines)
        // A short report may fit when other lines do not, so it does not end shedding.
        if !group.isReport { leaveShedding() }
        telemetry.emit(
            GroupCommitted(
                lines: group.lines, bytes: lineBytes,
                seconds: (ContinuousClock.now - begun).inSeconds))
        return true
    }

    mutating func sync(_ segment: inout ActiveSegment) throws(SystemFault) {
        try files.sync(segment.file)
        segment.dirty = false
        lastSync = .now
        // Releases old pages, which would displace other data from the page cache. Reused pages
        // are also more likely to be in the CPU's caches.
        let old = segment.physicalEnd - ActiveSegment.keptInMemory
        if old >= segment.released + ActiveSegment.releaseStep {
            files.release(segment.file, before: old)
            segment.released = old
        }
    }

    /// Closes the open segment after a failed write or sync.
    ///
    /// The page cache of the file can no longer be trusted, so the file is truncated to the
    /// acknowledged bytes and never synced again.
    mutating func close(after fault: SystemFault) {
        guard let segment = active else { return }
        telemetry.emit(DamageFound(path: fault.path, what: "\(fault.call) failed; segment closed"))
        // If this fails too, the next segment's header records where this one ends.
        try? files.truncate(segment.file, to: segment.physicalEnd)
        retire(segment)
    }

    mutating func retire(_ segment: ActiveSegment) {
        files.close(segment.file)
        active = nil
        let name = segment.firstAt.map {
            SegmentName(first: $0, number: segment.number, after: newest)
        }
        if segment.end > 0 {
            newest = name
            rotation = .retiring(name, after: segment.end, lines: segment.lines)
            usage.close(segment.number, bytes: segment.physicalEnd)
            number = segment.number + 1
        } else {
            rotation = .retiring(nil, after: segment.after, lines: 0)
            usage.setActive(0)
        }
    }

    // MARK: - Rotation

    mutating func rotateIfDue(_ now: Timestamp) {
        guard !isCopying, let segment = active, let first = segment.firstAt else { return }
        // If the first line is that far in the future, the clock was wrong then or is wrong now.
        let age = configuration.segmentAge
        let old = now - first >= age || first - now >= age
        guard old || segment.end >= UInt64(configuration.segmentLimit) else { return }
        rotate()
    }

    private mutating func rotate() {
        closeActive()
        do throws(Refusal) { try ensureActive() } catch { enterShedding(error) }
    }

    private mutating func closeActive() {
        guard var segment = active else { return }
        do throws(SystemFault) {
            if segment.dirty { try sync(&segment) }
        } catch {
            telemetry.emit(
                DamageFound(
                    path: error.path, what: "\(error.call) failed while closing the segment"))
        }
        retire(segment)
    }

    /// Makes a segment of this number the open one, unless the open one has a higher number.
    mutating func begin(segment wanted: UInt64) {
        guard wanted < SegmentName.numbers.upperBound, wanted > number, !lock.isLost else { return }
        isCopying = true
        closeActive()
        if wanted > number {
            // Recorded, so that a later start does not report these numbers as lost.
            keeper.note(
                gone: (number..<wanted).suffix(RemovedSegments.most).map {
                    RemovedSegments.Entry(number: $0, lines: 0, end: 0)
                })
        }
        number = max(number, wanted)
        do throws(Refusal) { try ensureActive() } catch { enterShedding(error) }
    }

    /// Finishes a pending rotation; afterwards `active` accepts lines.
    mutating func ensureActive() throws(Refusal) {
        if active != nil { return }
        guard !lock.isLost else { throw Refusal(.lockLost) }
        // Nothing reads a segment with a higher number: its lines would be lost.
        guard SegmentName.numbers.contains(number) else {
            throw Refusal(
                .diskFault,
                "\(folder.path): no segment number is left after \(number -| 1); move the files with this number away"
            )
        }
        do throws(SystemFault) {
            // Another process may have removed the folder.
            try files.makeFolder(folder.path)
            let after: UInt64
            switch rotation {
            case .none: after = 0
            case .retiring(_, let end, _), .installing(let end): after = end
            }
            let (file, physicalEnd) = try prepare(after: after)
            if case .retiring(let name, _, let lines) = rotation {
                try retireFile(as: name)
                rotation = .installing(after: after)
                if let name { sealer.seal(name, end: after, lines: lines, marks: marks) }
            }
            try files.rename(folder.file(SegmentName.next), to: folder.file(SegmentName.active))
            try files.syncFolder(folder.path)
            rotation = .none
            let segment = ActiveSegment(
                file: LogFile(
                    descriptor: file.descriptor, path: folder.file(SegmentName.active)),
                number: number, after: after, end: 0, physicalEnd: physicalEnd,
                lines: 0)
            active = segment
            reports = []
            coverages.begin()
            usage.setActive(physicalEnd)
            headFile.reopenIfGone(in: folder, record: segment.record)
            headFile.publish(segment.record, files: files)
            state.publish(segment.head, physical: physicalEnd, lines: 0)
            state.wakeReaders()
        } catch { throw Refusal(error) }
    }

    /// Creates the file of the next segment with its header, and syncs it.
    private func prepare(after: UInt64) throws(SystemFault) -> (LogFile, Int) {
        let file = try files.openToWrite(folder.file(SegmentName.next), fresh: true)
        let header = CommitLine(
            segment: number, end: 0, bytes: 0, count: 0, at: clock.now, after: after
        ).encoded(groupChecksum: 0)
        do throws(SystemFault) {
            try files.writeAll(file, header, at: 0)
            try files.sync(file)
        } catch {
            files.close(file)
            throw error
        }
        return (file, header.count)
    }

    private func retireFile(as name: SegmentName?) throws(SystemFault) {
        let path = folder.file(SegmentName.active)
        do throws(SystemFault) {
            if let name {
                try files.rename(path, to: folder.file(name.plain))
            } else {
                try files.remove(path)
            }
        } catch {
            // An earlier attempt of this rotation already renamed or removed the file.
            if !error.isAbsence { throw error }
        }
    }
}
