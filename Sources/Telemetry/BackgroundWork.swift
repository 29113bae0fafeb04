#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What a node does behind its answers: nobody waits for it, but it takes processor time, which
/// is told apart from what requests cost.
public enum BackgroundWork: String, Sendable, CaseIterable {
    /// Reading the event log for digests, composing and storing them.
    case digests
    /// Compressing closed segments.
    case sealing
}

extension Telemetry {
    /// Does `body`, and counts the processor time that the calling thread takes for it. `body`
    /// must not wait for others: their time is not in it, and only one thread's is counted.
    public func measuring<Result, Failure: Error>(
        _ work: BackgroundWork, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let begun = Self.threadSeconds
        defer { registry.count(work, by: Self.threadSeconds - begun) }
        return try body()
    }

    /// What the calling thread has taken of the processor, in the kernel and out of it.
    private static var threadSeconds: Double {
        var time = timespec()
        guard clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0 else { return 0 }
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}

extension PrometheusRegistry {
    /// All kinds are there from the start, with nothing done.
    public func declareBackgroundWork() {
        for work in BackgroundWork.allCases { count(work, by: 0) }
    }

    fileprivate func count(_ work: BackgroundWork, by seconds: Double) {
        count(
            "bellwether_background_cpu_seconds", by: max(0, seconds),
            help: "CPU time of what is done behind the answers, also in process_cpu_seconds_total.",
            labels: [("work", work.rawValue)])
    }
}
