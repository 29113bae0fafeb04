/// How long an evaluation waited for others.
struct MeasurementWaits: Sendable {
    /// Until the last probe finished or was cancelled.
    var probes = Duration.zero
    /// Until its events were durable.
    var log = Duration.zero
}

/// How the time of one evaluation was spent.
struct MeasurementTiming: Sendable {
    let waits: MeasurementWaits
    /// Everything else: attempt, judge, document.
    let own: Duration

    init(total: Duration, waits: MeasurementWaits) {
        self.waits = waits
        own = max(total - waits.probes - waits.log, .zero)
    }

    /// Metrics of a `Server-Timing` header (W3C Server Timing §3). Their names begin with `_`,
    /// which no probe's name does.
    var serverTiming: String {
        "_own;dur=\(Self.milliseconds(own)), _log;dur=\(Self.milliseconds(waits.log))"
    }

    /// Formats milliseconds with three decimals.
    private static func milliseconds(_ duration: Duration) -> String {
        let microseconds = Int64((duration / .microseconds(1)).rounded())
        return "\(microseconds / 1000).\(String(1000 + microseconds % 1000).dropFirst())"
    }
}
