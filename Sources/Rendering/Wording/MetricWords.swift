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
        let digits = Self.digits(track, reason)
        func number(_ value: Double?) -> String {
            HumanNumber.text(value, track.unit, digits: digits)
        }
        let value = number(track.value)
        var values: [String: Any] = [
            "metric": name, "metric_to": value,
            "metric_spark": Sparkline.text(
                track.history, scale: Sparkline.scale([track], stable: track.stable)),
            "metric_state": track.state.rawValue,
        ]
        var line = name + " "
        if let first = track.first, first != track.value, track.firstPassed {
            let from = number(first)
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
        let notes = Self.notes(track, reason, isOver: isOver, number).joined(separator: ", ")
        if !notes.isEmpty {
            values["metric_note"] = notes
            line += " (\(notes))"
        }
        self.values = values
        self.line = line
    }

    /// The digits that show which values are beyond the limit, and which are worse than stable
    /// if that is the reason.
    private static func digits(_ track: MetricTrack, _ reason: Reason?) -> Int {
        var pairs = [(track.value, track.limit), (track.worst, track.limit)]
        if track.firstPassed { pairs.append((track.first, track.limit)) }
        if reason?.why.hasPrefix("rel_") == true { pairs.append((track.value, track.stable)) }
        return HumanNumber.digits(pairs, track.unit)
    }

    private static func notes(
        _ track: MetricTrack, _ reason: Reason?, isOver: Bool, _ number: (Double?) -> String
    ) -> [String] {
        var notes: [String] = []
        if let worst = track.worst, worst != track.value {
            notes.append("worst \(number(worst))")
        }
        if let reason {
            // The reason may be that of an earlier attempt, or of another place.
            let isWithin = reason.unproven.map { (track.value ?? 0) <= $0.limit } ?? false
            let isPast = isOver || track.state == .pass || isWithin
            if let words = PlainWords.comparison(reason, past: isPast) { notes.append(words) }
        }
        if let limit = track.limit, track.unit != .flag {
            notes.append("\(kind(of: limit, track, reason)) \(number(limit))")
        }
        if !isOver, track.state != .nodata, let since = since(track) { notes.append(since) }
        if let stable = track.stable {
            notes.append("stable \(number(stable))")
        }
        return notes
    }

    /// What the limit is called: the configured one, or one that other values set.
    private static func kind(
        of limit: Double, _ track: MetricTrack, _ reason: Reason?
    ) -> String {
        if reason?.limit == limit {
            switch reason?.why {
            case "prev_warn": return "limit of earlier attempts"
            case "rel_warn", "rel_fail": return "limit set by stable"
            default: break
            }
        }
        // A metric that is beyond its limit and only warns is beyond the warning limit, or over a
        // fail limit without proof.
        let isWarning =
            track.state == .warn && track.isBeyondLimit && reason?.unproven?.limit != limit
        return isWarning ? "warning limit" : "limit"
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
