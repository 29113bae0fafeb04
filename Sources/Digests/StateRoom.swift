/// What may still be remembered over all groups together: each group alone may hold much,
/// and there may be many.
struct StateRoom: Sendable {
    private(set) var places = Bounds.places
    private(set) var tracks = Bounds.tracks

    /// Whether a line may find no room.
    var isTight: Bool { places < 1 || tracks < Bounds.metrics }

    /// Room for one place of a group that has `count`: the first has it always.
    mutating func takePlace(after count: Int) -> Bool {
        guard count == 0 || places > 0, count < Bounds.sources else { return false }
        places -= 1
        return true
    }

    /// Room for one metric of a place that has `count`: the first two have it always.
    mutating func takeTrack(after count: Int) -> Bool {
        guard count < 2 || tracks > 0, count < Bounds.metrics else { return false }
        tracks -= 1
        return true
    }

    /// For a group that is restored.
    mutating func take(_ state: GroupState) {
        places -= state.sources.count
        for source in state.sources { tracks -= source.metrics.count }
    }

    /// From a group that is forgotten.
    mutating func giveBack(_ state: GroupState) {
        places += state.sources.count
        for source in state.sources { tracks += source.metrics.count }
    }
}
