import Core
public import Events
import Telemetry

extension EventLogFiles {
    /// Reads every byte of the log and reports what is damaged, and where.
    ///
    /// Works while another process writes the log; a segment that is sealed or removed meanwhile
    /// is not reported as damage.
    public func verify() async throws(EventLogError) -> VerifyReport {
        try await Verification.report(on: view.folder, guardedBy: nil)
    }

    /// Finishes what a crash interrupted, drops torn tails, and replaces unreadable lines with
    /// blank ones.
    ///
    /// The remaining lines keep their positions, so every cursor stays valid. Returns what was
    /// found before the repair. Throws `.locked` while a process writes the log.
    public func repair(clock: WallClock = .system) async throws(EventLogError) -> VerifyReport {
        let folder = view.folder
        guard let directory, stored == nil else {
            throw .configuration(
                field: "repair", why: "only the log of a data folder on this machine is repaired")
        }
        return try await BlockingExecutor.log.run { () throws(EventLogError) in
            let lock = try EventLogLock(directory: directory)
            defer { lock.release() }
            do throws(SystemFault) {
                var before = Verification(folder)
                try before.run(repairing: true)
                try Self.finish(folder, below: directory, clock)
                var after = Verification(folder)
                try after.run(repairing: false)
                var report = before.report
                if after.report.isSound {
                    for i in report.damage.indices { report.damage[i].repaired = true }
                }
                return report
            } catch { throw error.eventLogError }
        }
    }

    /// Runs the recovery that opening the log runs, then seals the closed segments.
    private static func finish(
        _ folder: LogFolder, below directory: String, _ clock: WallClock
    ) throws(SystemFault) {
        let quarantine = Quarantine(
            below: directory, node: "", clock: clock, telemetry: .silent)
        // The deduplication index is dropped: opening the log builds its own.
        let recovery = try Recovery(
            folder, configuration: EventLogConfiguration(directory: folder.path, node: ""),
            now: clock.now, lines: quarantine.lineGuard(of: .recovery),
            queries: quarantine.queryGuard(of: .query), telemetry: .silent)
        let head =
            recovery.active?.record
            ?? HeadFile.Record(head: LogPosition(segment: recovery.number, offset: 0), lines: 0)
        let headFile = HeadFile(in: folder)
        headFile.publish(head, files: folder.files)
        headFile.close(files: folder.files)
        if let active = recovery.active { folder.files.close(active.file) }
        let sealing = SegmentSealing(folder: folder)
        for closed in recovery.closed {
            _ = try sealing.seal(closed.name, end: closed.plain.end, level: 6) { false }
        }
    }

    /// The contents of the log, segment by segment.
    public func stats() async throws(EventLogError) -> EventLogStats {
        try await EventLogStats.read(view.folder, guardedBy: nil)
    }
}

extension EventLog {
    /// As `EventLogFiles.verify()`, in the process that writes the log: a line that crashes it is
    /// quarantined.
    public func verify() async throws(EventLogError) -> VerifyReport {
        try await Verification.report(on: view.folder, guardedBy: view.queries)
    }

    /// As `EventLogFiles.stats()`, in the process that writes the log: a line that crashes it is
    /// quarantined.
    public func stats() async throws(EventLogError) -> EventLogStats {
        try await EventLogStats.read(view.folder, guardedBy: view.queries)
    }
}
