import HTTPTypes
import Synchronization
import Telemetry

/// A route that answers, or takes, requests on the connection's own thread, as the express lane looks it up: without
/// copying the route or building strings.
final class ReadyRoute: Sendable {
    let access: Access
    let bodyLimit: Int
    let tier: MemoryBudget.Tier
    let ready: (@Sendable (ReadyQuestion) -> ReadyAnswer?)?
    let deferred: (@Sendable (ReadyQuestion, DeferredReply) -> Bool)?
    let parameters: [String: String]
    private let path: [UInt8]
    private let tally: RequestTally.Series

    /// nil for a route that has neither.
    init?(
        _ route: Route, parameters: [String: String] = [:], limits: ServingLimits,
        tally: RequestTally
    ) {
        guard route.method == .post, route.ready != nil || route.deferred != nil else {
            return nil
        }
        access = route.access
        bodyLimit = route.bodyLimit ?? limits.bodyBytes
        tier = route.tier
        ready = route.ready
        deferred = route.deferred
        self.parameters = parameters
        path = Array(route.path.utf8)
        self.tally = tally.series(route: route.path, status: 200)
    }

    /// Whether the route's path is literally this.
    func matches(_ path: UnsafeRawBufferPointer) -> Bool { self.path.elementsEqual(path) }

    func count(_ duration: Duration) { tally.count(duration) }
}
