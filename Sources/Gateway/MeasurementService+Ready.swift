import Analysis
import Events
import NIOCore
import Server
import Telemetry

/// Rate limits, and answers that need no evaluation.
extension MeasurementService {
    /// Counts one request of this caller for this series against its rate limit.
    func admit(_ identity: Identity?, _ series: String) -> RateLimiter.Verdict {
        limiter.take((identity?.id ?? "") + "\u{0}" + series)
    }

    /// Answers a request that repeats an attempt with the frozen verdict, without waiting.
    ///
    /// Returns nil for any other request, which the route then handles. A repeat is answered
    /// even over the rate limit.
    func atOnce(_ question: ReadyQuestion) -> ReadyAnswer? {
        let started = ContinuousClock.now
        guard (try? MeasurementRoutes.checkMedia(question.head)) != nil else { return nil }
        let concern = question.parameters["concern"] ?? ""
        guard
            let request = question.body.withUnsafeReadableBytes({
                try? MeasurementRequest(parsing: $0)
            }),
            plan.policies.policies(namespace: request.namespace, rollout: request.rollout)?
                .policy(for: concern) != nil
        else { return nil }
        let series = request.series(concern: concern).id
        let now = wall.now
        // Looked up before the rate limit: a request that is not answered here is counted by
        // the route.
        guard let frozen = coordinator.repeated(series, stated: request.attempt, at: now) else {
            return nil
        }
        let rate = admit(question.identity, series)
        tally.countRepeat(
            frozen.status, concern: concern, duration: started.duration(to: .now))
        return ReadyAnswer(
            body: ByteBuffer(bytes: frozen.document.bytes),
            headers: MeasurementRoutes.headers(frozen, rate: rate))
    }
}
