/// The places and metrics that all groups together may still store.
///
/// Limits the total, because many groups may each reach their own limits.
struct StateBudget: Sendable {
    private(set) var places = Bounds.places
    private(set) var tracks = Bounds.tracks

    /// Whether the next line may exceed the limits.
    var isTight: Bool { places < 1 || tracks < Bounds.metrics }

    /// Takes a place for a group that has `count`; false if none is left. Always grants the
    /// first place of a group.
    mutating func takePlace(after count: Int) -> Bool {
        guard count == 0 || places > 0, count < Bounds.sources else { return false }
        places -= 1
        return true
    }

    /// Takes a metric for a place that has `count`; false if none is left. Always grants the
    /// first two metrics of a place.
    mutating func takeTrack(after count: Int) -> Bool {
        guard count < 2 || tracks > 0, count < Bounds.metrics else { return false }
        tracks -= 1
        return true
    }

    /// Takes the places and metrics of a restored group.
    mutating func take(_ state: GroupState) {
        places -= state.sources.count
        for source in state.sources { tracks -= source.metrics.count }
    }

    /// Returns the places and metrics of a removed group.
    mutating func giveBack(_ state: GroupState) {
        places += state.sources.count
        for source in state.sources { tracks += source.metrics.count }
    }
}
