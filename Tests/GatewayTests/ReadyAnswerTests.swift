import Analysis
import HTTPTypes
import NIOCore
import Server
import Telemetry
import TestSupport
import Testing
import Transfer

@testable import Gateway

@Suite("Retries answered immediately")
struct ReadyAnswerTests {
    private func atOnce(
        _ body: String, _ gateway: ServedGateway, contentType: String? = "application/json",
        concern: String? = nil
    ) -> ReadyAnswer? {
        var head = HTTPRequest(
            method: .post, scheme: "https", authority: "gw", path: "/rollouts/analysis")
        head.headerFields[.contentType] = contentType
        return gateway.service.atOnce(
            ReadyQuestion(
                head: head, body: ByteBuffer(string: body),
                parameters: concern.map { ["concern": $0] } ?? [:],
                identity: Identity(id: "t-1", name: "argo", scopes: [.analysis], proof: .token)))
    }

    @Test("only a retry is; all other requests are handled normally")
    func onlyRepeats() async throws {
        let gateway = try await ServedGateway(concerns: ["disk": ["gateway.disk_ok"]])
        let body = #"{"rollout":"shop","namespace":"prod"}"#
        #expect(atOnce(body, gateway) == nil)
        let first = try await gateway.ask(body)
        let again = try #require(atOnce(body, gateway))
        #expect(Array(again.body.readableBytesView) == first.body)
        #expect(again.headers[.eTag] == first.header("etag"))
        #expect(again.headers[.rateLimit]?.isEmpty == false)
        #expect(try await gateway.ask(body).body == first.body)
        #expect(gateway.probe.looks == 1)

        #expect(atOnce(body, gateway, contentType: nil) != nil)
        #expect(atOnce(body, gateway, contentType: "application/json; charset=utf-8") != nil)
        #expect(atOnce(body, gateway, contentType: "application/jsonp") == nil)
        #expect(atOnce(body, gateway, contentType: "text/plain") == nil)
        #expect(atOnce(body, gateway, concern: "disk") == nil)
        #expect(atOnce(body, gateway, concern: "nope") == nil)
        #expect(atOnce("{", gateway) == nil)
        #expect(atOnce(#"{"rollout":"shop","namespace":"prod","step":2}"#, gateway) == nil)
        #expect(atOnce(#"{"rollout":"shop","namespace":"prod","attempt":1}"#, gateway) != nil)
        #expect(atOnce(#"{"rollout":"shop","namespace":"prod","attempt":2}"#, gateway) == nil)

        gateway.clock.advance(by: .seconds(6))
        #expect(atOnce(body, gateway) == nil)
        let page = gateway.telemetry.registry.exposition()
        #expect(
            page.contains(
                #"bellwether_measurements_total{concern="all",repeated="true",status="healthy"} 5"#)
        )
        await gateway.stop()
    }
}
