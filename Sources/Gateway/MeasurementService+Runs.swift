import Analysis
public import Events

extension MeasurementService {
    /// Ends the runs of a rollout; the next measurement of each begins a new run.
    ///
    /// Records `run.ended` if a run was ended, so that the end survives a restart. The same end
    /// may be reported again: it changes nothing. An end in the future counts as one of now.
    public func end(_ reported: RunEnd) async {
        var end = reported
        let now = wall.now
        end.at = min(end.at, now)
        let runs = coordinator.end(end, at: now)
        guard runs > 0 else { return }
        await recorder.record(
            Event(ended: end, runs: runs, gateway: identity, at: now), within: .milliseconds(500))
    }
}
