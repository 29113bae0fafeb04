import Digests
import Events

/// One metric's line: `5xx_rate 0.2 % → 1.9 % (limit 1 %, over it since attempt 5)`.
struct MetricWords {
    let values: [String: Any]

    /// - Parameter isOver: the incident is over, so that the worst value tells
    ///   more than the last.
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
            notes.append("limit \(HumanNumber.text(limit, track.unit))")
        }
        if !isOver, let since = track.overSince, track.state != .nodata {
            // What fails by comparison with stable may be within its limit.
            let isWithin =
                track.unit == .flag
                || !track.lowerIsWorse && track.value ?? 0 <= track.limit ?? .infinity
            let side = isWithin ? "" : track.lowerIsWorse ? "below it " : "over it "
            notes.append("\(side)since attempt \(since)")
        }
        if let stable = track.stable {
            notes.append("stable \(HumanNumber.text(stable, track.unit))")
        }
        if !notes.isEmpty { values["metric_note"] = notes.joined(separator: ", ") }
        self.values = values
    }
}
