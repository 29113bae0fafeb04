import Events
import JSON
import Testing

@testable import Gateway
@testable import Server

@Suite("Events of refused requests")
struct RefusalEventTests {
    /// A request, and whether only programs send such.
    typealias Case = (method: String, route: String?, path: String, status: Int, isService: Bool)

    static let cases: [Case] = [
        ("POST", "/rollouts/analysis", "", 401, true),
        ("POST", "/rollouts/analysis/{concern}", "", 404, true),
        ("POST", "/rollouts/flagger", "", 409, true),
        ("POST", "/rollouts/flagger/{token}", "", 401, true),
        ("PUT", nil, "/rollouts/flagger", 405, true),
        ("POST", "/v1/events", "", 401, true), ("GET", "/v1/run-ends", "", 403, true),
        ("GET", "/v1/events", "", 401, false), ("GET", "/status", "", 403, false),
        ("GET", nil, "/rollouts/flagger/x/y", 404, false),
    ]

    @Test("a refused program is a warning; a person's own request is not", arguments: cases)
    func level(example: Case) {
        let event = Event(
            refusal: RefusalRecord(
                at: Timestamp(milliseconds: 1_766_000_000_000), status: example.status,
                reason: "any", detail: "any", field: nil, method: example.method,
                route: example.route, path: example.path, query: nil, parameters: [:],
                credential: nil, peer: "10.0.0.1", body: [], suppressed: 0),
            node: "gw-a1", az: "az-1")
        #expect(event.level == (example.isService ? .warn : .info))
        #expect(event.extra("client")?.string == (example.isService ? nil : "person"))
    }

    @Test(
        "failed handshakes are a warning of the node: whose certificate, how many, the last peer",
        arguments: [
            (
                "certificate_refused", 5,
                "5 handshakes failed: the caller does not trust this node's certificate (certificate_refused); last from 10.0.0.1"
            ),
            (
                "certificate_expired", 3,
                "3 handshakes failed: this node's certificate has expired (certificate_expired); last from 10.0.0.1"
            ),
            (
                "client_certificate_refused", 1,
                "1 handshake failed: the caller's certificate is not signed by an authority of listen.tls.client_ca (client_certificate_refused); last from 10.0.0.1"
            ),
        ])
    func handshake(reason: String, count: Int, message: String) {
        let event = Event(
            handshake: HandshakeRecord(
                at: Timestamp(milliseconds: 1_766_000_000_000), reason: reason,
                detail: "TLSV1_ALERT_UNKNOWN_CA", peer: "10.0.0.1", count: count),
            node: "gw-a1", az: "az-1")
        #expect(event.event == "tls.refused")
        #expect(event.level == .warn)
        #expect(event.ts == Timestamp(milliseconds: 1_766_000_000_000))
        #expect(event.node == "gw-a1" && event.az == "az-1")
        #expect(event.rollout == nil)
        #expect(event.message == message)
        #expect(event.extra("reason")?.string == reason)
        #expect(event.extra("code")?.string == "TLSV1_ALERT_UNKNOWN_CA")
        #expect(event.extra("peer")?.string == "10.0.0.1")
        #expect(event.extra("failures")?.integer == Int64(count))
    }
}
