import Events
import Telemetry

/// The writer's work between groups.
extension SegmentWriter {
    /// How long the thread may wait for requests.
    var pause: Duration {
        if case .interval(let interval) = configuration.durability, active?.dirty == true {
            return min(Self.lookEvery, max(.zero, interval - (ContinuousClock.now - lastSync)))
        }
        return Self.lookEvery
    }

    /// Syncs if the sync interval has passed.
    mutating func syncIfDue() {
        guard case .interval(let interval) = configuration.durability, var segment = active,
            segment.dirty, ContinuousClock.now - lastSync >= interval
        else { return }
        do throws(SystemFault) {
            try sync(&segment)
            active = segment
        } catch {
            close(after: error)
            enterShedding(Refusal(error))
        }
    }

    /// Calls `maintain` if its last run is long enough ago, even under load.
    mutating func maintainIfDue() {
        let isWell = state.shedding == nil && state.keeps == nil && !keeper.isShort
        guard ContinuousClock.now - maintainedAt >= (isWell ? .seconds(10) : .seconds(1)) else {
            return
        }
        maintain()
    }

    /// Does the work that does not depend on new lines.
    ///
    /// Checks the files and the free space, closes an old segment, removes archives that exceed
    /// the age or the quota, and retries sealing.
    mutating func maintain() {
        maintainedAt = .now
        look()
        guard !lock.isLost else { return }
        let now = clock.now
        do throws(Refusal) {
            try ensureActive()
            group.clear()
            try freeSpace(now)
            leaveShedding()
            updatePressure(space(for: 0, now).keeps)
        } catch { enterShedding(error) }
        keeper.keepBallast()
        rotateIfDue(now)
        keeper.removeAged(now)
        sealer.retry()
    }

    mutating func close() {
        guard var segment = active else { return }
        do throws(SystemFault) {
            if segment.dirty { try sync(&segment) }
        } catch {
            telemetry.emit(
                DamageFound(path: error.path, what: "\(error.call) failed while closing the log"))
        }
        files.close(segment.file)
        headFile.close(files: files)
        active = nil
    }
}
