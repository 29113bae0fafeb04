import Digests
import Events

/// One metric's line: `5xx_rate 0.2 % → 1.9 % (limit 1 %, over it since attempt 5)`.
struct MetricWords {
    let values: [String: Any]

    /// - Parameter isOver: Whether the incident is over; then the note on how long the metric
    ///   has been beyond its limit is left out.
    init(_ track: MetricTrack, isOver: Bool) {
        var values: [String: Any] = [
            "metric": PlainWords.metric(track.metric),
            "metric_to": HumanNumber.text(track.value, track.unit),
            "metric_spark": Sparkline.text(
                track.history, scale: Sparkline.scale([track], stable: track.stable)),
            "metric_state": track.state.rawValue,
        ]
        if let first = track.first, first != track.value {
            values["metric_from"] = HumanNumber.text(first, track.unit)
        }
        var notes: [String] = []
        if let worst = track.worst, worst != track.value {
            notes.append("worst \(HumanNumber.text(worst, track.unit))")
        }
        if let limit = track.limit, track.unit != .flag {
            // A metric that is beyond its limit and only warns is beyond the warning limit.
            let isWarning = track.state == .warn && track.isBeyondLimit
            notes.append(
                "\(isWarning ? "warning limit" : "limit") \(HumanNumber.text(limit, track.unit))")
        }
        if !isOver, track.state != .nodata {
            if let since = track.beyondSince {
                notes.append("\(track.lowerIsWorse ? "below" : "over") it since attempt \(since)")
            } else if let since = track.overSince, !track.isBeyondLimit {
                // A metric that fails by comparison with stable may be within its limit.
                notes.append(
                    "\(track.unit == .flag ? "" : "not passing ")since attempt \(since)")
            }
        }
        if let stable = track.stable {
            notes.append("stable \(HumanNumber.text(stable, track.unit))")
        }
        if !notes.isEmpty { values["metric_note"] = notes.joined(separator: ", ") }
        self.values = values
    }
}
