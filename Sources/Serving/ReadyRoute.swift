import HTTPTypes
import Synchronization
import Telemetry

/// A route that has answers ready, as the express lane looks it up: without
/// copying the route or building strings.
final class ReadyRoute: Sendable {
    let access: Access
    let bodyLimit: Int
    let ready: @Sendable (ReadyQuestion) -> ReadyAnswer?
    let parameters: [String: String]
    private let path: [UInt8]
    private let tally: RequestTally.Series

    /// nil for a route without ready answers.
    init?(
        _ route: Route, parameters: [String: String] = [:], limits: ServingLimits,
        tally: RequestTally
    ) {
        guard route.method == .post, let ready = route.ready else { return nil }
        access = route.access
        bodyLimit = route.bodyLimit ?? limits.bodyBytes
        self.ready = ready
        self.parameters = parameters
        path = Array(route.path.utf8)
        self.tally = tally.series(route: route.path, status: 200)
    }

    /// Whether the route's path is literally this.
    func matches(_ path: UnsafeRawBufferPointer) -> Bool { self.path.elementsEqual(path) }

    func count(_ duration: Duration) { tally.count(duration) }
}
