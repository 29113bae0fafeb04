#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Work that no request waits for. Its CPU time is counted apart from that of requests.
public enum BackgroundWork: String, Sendable, CaseIterable {
    /// Reading the event log for digests, composing and storing them.
    case digests
    /// Compressing closed segments.
    case sealing
}

extension Telemetry {
    /// Runs `body` and counts the CPU time that the calling thread spends in it.
    ///
    /// Only that thread's time is counted: `body` must not hand work to other threads.
    public func measuring<Result, Failure: Error>(
        _ work: BackgroundWork, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let begun = Self.threadSeconds
        defer { registry.count(work, by: Self.threadSeconds - begun) }
        return try body()
    }

    /// User and system CPU time of the calling thread, in seconds.
    private static var threadSeconds: Double {
        var time = timespec()
        guard clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0 else { return 0 }
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}

extension PrometheusRegistry {
    /// Creates the series of all kinds with the value 0.
    public func declareBackgroundWork() {
        for work in BackgroundWork.allCases { count(work, by: 0) }
    }

    fileprivate func count(_ work: BackgroundWork, by seconds: Double) {
        count(
            "bellwether_background_cpu_seconds", by: max(0, seconds),
            help: "CPU time of background work, also counted in process_cpu_seconds_total.",
            labels: [("work", work.rawValue)])
    }
}
