import Analysis
import Events
import Serving
import Telemetry

/// What a measurement's caller is told besides the verdict: how much it may still ask.
extension MeasurementService {
    /// Takes one request of this caller for this series; over the limit it gets
    /// what is there already.
    func admit(_ identity: Identity?, _ series: String) -> RateLimiter.Verdict {
        limiter.take((identity?.id ?? "") + "\u{0}" + series)
    }

    /// The frozen verdict, without waiting, of a request that repeats its
    /// attempt or comes too often; nil when there is none, or the request is
    /// not of the plain kind.
    func atOnce(_ question: ReadyQuestion) -> ReadyAnswer? {
        let started = ContinuousClock.now
        guard question.contentType.map(Self.isJSON) ?? true else { return nil }
        let concern = question.parameters["concern"] ?? ""
        guard concern.isEmpty || knows(concern),
            let request = try? MeasurementRequest(parsing: question.body)
        else { return nil }
        let series = request.series(concern: concern).id
        let now = wall.now
        // Looked for first: whatever is not answered here is counted on its way there.
        guard let (frozen, fields) = desk.repeated(series, stated: request.attempt, at: now)
        else { return nil }
        let rate = admit(question.identity, series)
        tally.countRepeat(
            frozen.status, concern: concern, duration: started.duration(to: .now))
        return ReadyAnswer(body: frozen.document.bytes, fields: fields, rate: rate)
    }

    private static func isJSON(_ value: UnsafeRawBufferPointer) -> Bool {
        let json: StaticString = "application/json"
        guard value.count >= json.utf8CodeUnitCount else { return false }
        for offset in 0..<json.utf8CodeUnitCount where value[offset] != json.utf8Start[offset] {
            return false
        }
        return value.count == json.utf8CodeUnitCount
            || value[json.utf8CodeUnitCount] == UInt8(ascii: ";")
    }
}
