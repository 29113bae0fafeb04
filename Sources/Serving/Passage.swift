import HTTPTypes
import Hummingbird

/// How far a request came, and what was learnt of it: what a refusal can tell.
struct Passage: Sendable {
    let head: HTTPRequest
    let path: String
    let query: String?
    let connection: ConnectionFacts
    let started: ContinuousClock.Instant
    let body: IncomingBody
    /// What goes only once the answer is written.
    let holdings = Holdings()
    var route: Route?
    var parameters: [String: String] = [:]
    var identity: Identity?
    /// The id of a credential that was refused.
    var credential: String?

    init(_ request: Request, _ connection: ConnectionFacts) {
        head = request.head
        started = .now
        body = IncomingBody(request.body)
        self.connection = connection
        let target = request.head.path ?? ""
        if let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) {
            path = String(target[..<mark])
            query = String(target[target.index(after: mark)...])
        } else {
            path = target
            query = nil
        }
    }
}
