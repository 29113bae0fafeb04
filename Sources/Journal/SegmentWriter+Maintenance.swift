import Events
import Telemetry

/// What the writer does between groups.
extension SegmentWriter {
    /// How long the thread may wait for requests.
    var pause: Duration {
        if case .interval(let interval) = configuration.durability, active?.dirty == true {
            return min(Self.lookEvery, max(.zero, interval - (ContinuousClock.now - lastSync)))
        }
        return Self.lookEvery
    }

    /// Syncs when the interval is over.
    mutating func syncIfDue() {
        guard case .interval(let interval) = configuration.durability, var segment = active,
            segment.dirty, ContinuousClock.now - lastSync >= interval
        else { return }
        do throws(SystemFault) {
            try sync(&segment)
            active = segment
        } catch {
            poison(error)
            enterShedding(Refusal(error))
        }
    }

    /// Does what `maintain` does when it was done long ago, busy or not.
    mutating func maintainIfDue() {
        let isWell = state.shedding == nil && state.keeps == nil && !keeper.isShort
        guard ContinuousClock.now - maintainedAt >= (isWell ? .seconds(10) : .seconds(1)) else {
            return
        }
        maintain()
    }

    /// What is due without a line coming in: probe, close an old segment, retry
    /// sealing, remove what is too old or more than the quota allows.
    mutating func maintain() {
        maintainedAt = .now
        look()
        guard !lock.isLost else { return }
        let now = clock.now
        do throws(Refusal) {
            try ensureActive()
            group.clear()
            try makeRoom(now)
            leaveShedding()
            feel(room(for: 0, now).keeps)
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
            telemetry.emit(DamageFound(path: error.path, what: "\(error.call) failed at the end"))
        }
        files.close(segment.file)
        headFile.close(files: files)
        active = nil
    }
}
