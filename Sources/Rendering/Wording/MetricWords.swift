import Digests
import Events

/// One metric's line: `5xx_rate 0.2 % → 1.9 % in eu-west-1a (limit 1 %, over it since attempt 5)`.
struct MetricWords {
    let values: [String: Any]
    /// The whole line.
    let line: String

    /// - Parameters:
    ///   - place: The place of the track, the worst for this metric.
    ///   - reason: The strongest reason of the metric's check.
    ///   - isOver: Whether the incident is over; then the note on how long the metric has been
    ///     beyond its limit is left out.
    init(_ track: MetricTrack, in place: Source?, reason: Reason?, isOver: Bool) {
        let name = PlainWords.metric(track.metric)
        let value = HumanNumber.text(track.value, track.unit)
        var values: [String: Any] = [
            "metric": name, "metric_to": value,
            "metric_spark": Sparkline.text(
                track.history, scale: Sparkline.scale([track], stable: track.stable)),
            "metric_state": track.state.rawValue,
        ]
        var line = name + " "
        if let first = track.first, first != track.value, track.firstPassed {
            let from = HumanNumber.text(first, track.unit)
            values["metric_from"] = from
            line += from + " → "
        }
        line += value
        if let place, !place.az.isEmpty || !place.node.isEmpty {
            let location =
                (place.az.isEmpty ? "on " : "in ") + PlainWords.place(place.az, place.node)
            values["metric_place"] = location
            line += " " + location
        }
        let notes = Self.notes(track, reason, isOver: isOver).joined(separator: ", ")
        if !notes.isEmpty {
            values["metric_note"] = notes
            line += " (\(notes))"
        }
        self.values = values
        self.line = line
    }

    private static func notes(_ track: MetricTrack, _ reason: Reason?, isOver: Bool) -> [String] {
        var notes: [String] = []
        if let worst = track.worst, worst != track.value {
            notes.append("worst \(HumanNumber.text(worst, track.unit))")
        }
        if let reason {
            // The reason may be that of an earlier attempt, or of another place.
            let isWithin = reason.unproven.map { (track.value ?? 0) <= $0.limit } ?? false
            let isPast = isOver || track.state == .pass || isWithin
            if let words = PlainWords.comparison(reason, past: isPast) { notes.append(words) }
        }
        if let limit = track.limit, track.unit != .flag {
            // A metric that is beyond its limit and only warns is beyond the warning limit.
            let isWarning = track.state == .warn && track.isBeyondLimit
            notes.append(
                "\(isWarning ? "warning limit" : "limit") \(HumanNumber.text(limit, track.unit))")
        }
        if !isOver, track.state != .nodata, let since = since(track) { notes.append(since) }
        if let stable = track.stable {
            notes.append("stable \(HumanNumber.text(stable, track.unit))")
        }
        return notes
    }

    /// `over it since attempt 5`; nil if nothing is known.
    private static func since(_ track: MetricTrack) -> String? {
        let side = track.lowerIsWorse ? "below" : "over"
        // Without a healthy value before, the failure is as old as the rollout.
        if !track.firstPassed, let over = track.overSince {
            guard let beyond = track.beyondSince else {
                return track.isBeyondLimit ? nil : notPassing(track) + "since the first attempt"
            }
            return beyond <= over
                ? "\(side) it since the first attempt"
                : "\(side) it since attempt \(beyond), not healthy since the first attempt"
        }
        if let since = track.beyondSince { return "\(side) it since attempt \(since)" }
        // A metric that fails by comparison with stable may be within its limit.
        if let since = track.overSince, !track.isBeyondLimit {
            return notPassing(track) + "since attempt \(since)"
        }
        return nil
    }

    private static func notPassing(_ track: MetricTrack) -> String {
        track.unit == .flag ? "" : "not passing "
    }
}
