import Analysis
import Events
import NIOCore
import Serving
import Telemetry

/// What a measurement's caller is told besides the verdict: how much it may still ask.
extension MeasurementService {
    /// Takes one request of this caller for this series; over the limit it gets
    /// what is there already.
    func admit(_ identity: Identity?, _ series: String) -> RateLimiter.Verdict {
        limiter.take((identity?.id ?? "") + "\u{0}" + series)
    }

    /// The frozen verdict, without waiting, of a request that repeats its attempt, even where it
    /// comes too often; nil when there is none, or the request has to be refused.
    func atOnce(_ question: ReadyQuestion) -> ReadyAnswer? {
        let started = ContinuousClock.now
        guard (try? MeasurementRoutes.checkMedia(question.head)) != nil else { return nil }
        let concern = question.parameters["concern"] ?? ""
        guard concern.isEmpty || knows(concern),
            let request = question.body.withUnsafeReadableBytes({
                try? MeasurementRequest(parsing: $0)
            })
        else { return nil }
        let series = request.series(concern: concern).id
        let now = wall.now
        // Looked for first: whatever is not answered here is counted on its way there.
        guard let frozen = desk.repeated(series, stated: request.attempt, at: now) else {
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
