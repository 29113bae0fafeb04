/// What an evaluation waited for besides its own work.
struct MeasurementWaits: Sendable {
    /// Until the last probe answered or was given up.
    var probes = Duration.zero
    /// Until its events were durable.
    var log = Duration.zero
}

/// Where the time of one evaluation went.
struct MeasurementTiming: Sendable {
    let waits: MeasurementWaits
    /// Everything else: attempt, judge, document.
    let own: Duration

    init(total: Duration, waits: MeasurementWaits) {
        self.waits = waits
        own = max(total - waits.probes - waits.log, .zero)
    }

    /// Rows of a `Server-Timing` header (W3C Server Timing §3); no probe's
    /// name begins like theirs.
    var serverTiming: String {
        "_own;dur=\(Self.milliseconds(own)), _log;dur=\(Self.milliseconds(waits.log))"
    }

    /// With three decimals.
    private static func milliseconds(_ duration: Duration) -> String {
        let microseconds = Int64((duration / .microseconds(1)).rounded())
        return "\(microseconds / 1000).\(String(1000 + microseconds % 1000).dropFirst())"
    }
}
