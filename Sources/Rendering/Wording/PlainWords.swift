import Core
import Digests
import Events

/// Texts for reasons, states and changes.
enum PlainWords {
    /// Returns `5xx_rate` for `canary.5xx_rate` and `p99` for `canary.p99_ms`, because the unit
    /// follows the number. Names without the prefix `canary.` are not shortened.
    static func metric(_ name: String, limit: Int = 60) -> String {
        var short = name
        if name.hasPrefix("canary.") {
            short = String(name.dropFirst(7))
            if short.hasSuffix("_ms"), short.count > 3 { short.removeLast(3) }
        }
        return InertText.visible(short.isEmpty ? name : short, limit: limit)
    }

    /// Returns the text of a reason.
    ///
    /// - Parameter past: Whether the incident is over.
    static func reason(_ reason: Reason, past: Bool = false) -> String {
        let verb = past ? "was" : "is"
        let unit = reason.unit ?? MetricUnit(metricName: reason.check)
        // The number is then a share of the requests, not the check's own value.
        let name = metric(reason.check) + (reason.unit == nil ? "" : ", slow requests:")
        let (value, limit) = HumanNumber.pair(reason.value, reason.limit ?? reason.stable, unit)
        let stable = HumanNumber.pair(reason.stable, reason.value, unit).0
        let side = (reason.value ?? 0) < (reason.limit ?? 0) ? "below" : "over"
        let detail = InertText.visible(reason.detail, limit: 160)
        let quoted = detail.isEmpty ? "" : " (“\(detail)”)"
        let words: String
        if unit == .flag, reason.state != .nodata {
            words = "\(name) \(verb) \(value)"
        } else {
            switch reason.why {
            case "abs_warn":
                words =
                    reason.unproven.map { unproven(name, verb, reason.value, $0, unit) }
                    ?? "\(name) \(value) \(verb) \(side) the warning limit \(limit)"
            case "abs_fail": words = "\(name) \(value) \(verb) \(side) the limit \(limit)"
            case "rel_warn_window":
                words = "\(name) \(value) \(verb) worse than stable (\(stable)) in this window"
            case "rel_fail_run", "rel_warn_run":
                // Without a value the run's numbers are not known.
                words =
                    reason.value == nil
                    ? "\(name) \(verb) worse than stable over the whole run"
                    : "\(name) \(value) over the whole run \(verb) worse than stable (\(stable))"
            case "rel_warn", "rel_fail":
                words = "\(name) \(value) \(verb) too far from stable (\(stable))"
            case "prev_warn":
                words =
                    grown(reason, unit).map { "\(name) \($0.from) to \($0.to)" }
                    ?? "\(name) \(value) \(verb) \(side) the limit \(limit) of earlier attempts"
            case "insufficient": words = "\(name): too few requests to judge"
            case let why:
                words = "\(name): " + (absences[why] ?? "\(InertText.visible(why, limit: 60))")
            }
        }
        return words + quoted
    }

    /// `grew from 0.2 %` and `2 %`; nil if the value did not move from that of earlier attempts to
    /// the limit's other side. Events of older versions have the value of the attempt before, which
    /// may be beyond the limit itself.
    private static func grown(_ reason: Reason, _ unit: MetricUnit) -> (from: String, to: String)? {
        guard let value = reason.value, let previous = reason.previous, value != previous else {
            return nil
        }
        let rises = value > previous
        if let limit = reason.limit, rises != (value > limit) { return nil }
        let (from, to) = HumanNumber.pair(previous, value, unit)
        return (from: "\(rises ? "grew" : "fell") from \(from)", to: to)
    }

    private static func unproven(
        _ name: String, _ verb: String, _ value: Double?, _ unproven: Reason.Unproven,
        _ unit: MetricUnit
    ) -> String {
        "\(name) \(HumanNumber.pair(value, unproven.limit, unit).0) \(verb) "
            + notYet(unproven, value, unit)
    }

    private static func notYet(
        _ unproven: Reason.Unproven, _ value: Double?, _ unit: MetricUnit
    ) -> String {
        let limit = HumanNumber.pair(value, unproven.limit, unit).1
        let bound = HumanNumber.pair(unproven.bound, unproven.limit, unit).0
        let confidence = HumanNumber.pair(unproven.confidence, 1, .ratio).0
        return "over the fail limit \(limit), not yet proven (\(confidence) lower bound \(bound))"
    }

    /// What a reason adds to its metric's value and limit; nil if nothing.
    ///
    /// - Parameter past: Whether it is no longer so.
    static func comparison(_ reason: Reason, past: Bool = false) -> String? {
        let was = past ? "was " : ""
        let detail = InertText.visible(reason.detail, limit: 160)
        let quoted = detail.isEmpty ? "" : " (“\(detail)”)"
        let unit = reason.unit ?? MetricUnit(metricName: reason.check)
        switch reason.why {
        case "abs_warn", "abs_fail":
            if let unproven = reason.unproven {
                return was + notYet(unproven, reason.value, unit) + quoted
            }
            return detail.isEmpty ? nil : "“\(detail)”"
        case "rel_warn_window":
            return was + "worse than stable in \(past ? "a" : "this") window" + quoted
        case "rel_fail_run", "rel_warn_run":
            // The metric's line has the value of a window; the rule compares those of the run.
            guard let value = reason.value else {
                return was + "worse than stable over the whole run" + quoted
            }
            let (run, stable) = HumanNumber.pair(value, reason.stable, unit)
            // The number is then a share of the requests, not the check's own value.
            let share = reason.unit == nil ? "" : " slow requests"
            return "\(run)\(share) over the whole run, \(was)worse than stable (\(stable))" + quoted
        case "rel_warn", "rel_fail": return was + "too far from stable" + quoted
        case "prev_warn":
            return (grown(reason, unit)?.from ?? was + "beyond the limit of earlier attempts")
                + quoted
        case "insufficient": return "too few requests to judge" + quoted
        case let why: return (absences[why] ?? "\(InertText.visible(why, limit: 60))") + quoted
        }
    }

    private static let absences = [
        "timeout": "no answer in time", "refused": "connection refused",
        "unresolved": "host name not found", "tls": "TLS handshake failed",
        "bad_status": "unexpected HTTP status", "garbage": "unreadable answer",
        "too_large": "answer too large", "missing_field": "the answer lacks the value",
        "stale": "the data is too old", "missing_file": "no such file",
        "unreadable": "the file cannot be read", "no_sample_yet": "nothing to compare with yet",
        "run_just_began": "no whole window since the run began", "no_traffic": "no traffic",
        "not_running": "the process is not running",
        "busy": "the probe is busy", "circuit_open": "the probe is paused after repeated failures",
        "cancelled": "cancelled", "fault": "the probe failed", "missing": "no probe reported it",
        "not_a_number": "the probe reported no number",
        "not_a_flag": "neither yes nor no", "not_a_proportion": "more than 100 %",
        "above_buckets": "slower than the highest bucket",
    ]

    /// The state of a canary with this verdict.
    static func doing(_ status: VerdictStatus) -> String {
        switch status {
        case .healthy: "healthy"
        case .degraded: "degraded"
        case .unknown: "not measurable"
        case .unhealthy: "failing"
        }
    }

    /// What a member of a roll-up does, or how its run ended.
    static func doing(_ member: Rollup.Member) -> String {
        if member.outcome == "paused" { return "paused for a decision" }
        guard member.kind == .failing else { return member.outcome ?? member.kind.rawValue }
        return doing(member.status ?? .unhealthy) + (member.isAtLimit ? ", at a limit" : "")
    }

    static func change(_ change: Change, _ digest: Digest) -> String {
        switch change {
        case .place(let az, let node, let status):
            return "\(place(az, node)) is now \(doing(status)), too"
        case .worse(let az, let node, let from, let to):
            return "\(place(az, node)) went from \(doing(from)) to \(doing(to))"
        case .metric(let name):
            let track = digest.metrics.first { $0.metric == name }
            switch track?.state {
            case .nodata: return "\(metric(name)) can't be measured now, either"
            case _ where track?.unit == .flag: return "\(metric(name)) is wrong now, too"
            default:
                guard let track, track.isBeyondLimit else {
                    return "\(metric(name)) does not pass now, either"
                }
                let side = track.lowerIsWorse ? "below" : "over"
                // Without a warning limit, a value over the fail limit without proof warns.
                let isFailLimit = digest.reasons.contains {
                    $0.reason.check == name && $0.reason.unproven?.limit == track.limit
                }
                let limit = track.state == .warn && !isFailLimit ? "warning limit" : "limit"
                return "\(metric(name)) is now \(side) its \(limit), too"
            }
        case .lastChance: return "one more failure aborts"
        case .failureLimit: return "the failure limit is reached: the run aborts"
        case .inconclusiveLimit:
            return "the limit of inconclusive attempts is reached: the rollout pauses"
        case .paused: return "the rollout is paused until a person decides"
        case .notice(let event):
            let tally = digest.notices.first { $0.event == event }
            return "new: "
                + (tally.map { NoticeWords($0, digest).short }
                    ?? InertText.visible(event, limit: 60))
        case .acknowledged:
            let who = InertText.visible(digest.acknowledgement?.who ?? "", limit: 60)
            return "\(who.isEmpty ? "somebody" : who) looks after it"
        case .released: return "nobody looks after it any more"
        case .runs(let turn, let groups, let count):
            let what =
                switch turn {
                case .aborted: "aborted"
                case .atLimit: "a limit is reached, so the run is aborted or paused"
                case .paused: "paused until a person decides"
                }
            let rest = count - groups.count
            return "\(what): \(groups.map { GroupWords($0).short }.joined(separator: ", "))"
                + (rest > 0 ? " and \(rest) more" : "")
        case .policy: return "the policy changed in mid-run"
        case .binary: return "more than one binary measured this run"
        case .flapping:
            let span = digest.flapsSince.map {
                " within \(HumanNumber.span(digest.composedAt - $0))"
            }
            return
                "it flaps: it began to fail \(digest.flaps ?? 0) times\(span ?? ""), reported less often "
                + "until it is stable"
        }
    }

    static func place(_ az: String, _ node: String) -> String {
        let name = az.isEmpty ? node : az
        return name.isEmpty ? "an unnamed place" : InertText.visible(name, limit: 32)
    }

    /// `2 degraded, 3 unhealthy`.
    static func counts(_ counts: StatusCounts) -> String {
        counts.present.map { "\($0.count) \($0.status.rawValue)" }.joined(separator: ", ")
    }

    /// The first 12 characters of a hash, without `sha256:`.
    static func version(_ hash: String) -> String {
        let bare = hash.hasPrefix("sha256:") ? String(hash.dropFirst(7)) : hash
        return InertText.visible(bare, limit: 200).prefix(12).description
    }
}
