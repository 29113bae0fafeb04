import Events
import HTTPTypes
import Server
import ServiceLifecycle
import State
import Synchronization
import Telemetry
import TestSupport
import Testing
import Transfer

@testable import Gateway

@Suite("What a gateway states about itself to its notifier")
struct GatewayPresenceTests {
    @Test("each poll names it; after a stop one more states that none follows")
    func polls() async throws {
        let folder = try TemporaryDirectory()
        let seen = Mutex<[GatewayPresence]>([])
        let server = try HTTPServer(
            HTTPServerConfiguration(
                address: ListenAddress(host: "127.0.0.1", port: 0),
                tls: try SelfSignedCertificate.files(in: folder.file("tls"), names: ["127.0.0.1"])),
            routes: [
                Route(.get, "/v1/run-ends", access: .open) { exchange in
                    let fields = exchange.head.headerFields
                    let presence = GatewayPresence { name in
                        HTTPField.Name(name).flatMap { fields[$0] }
                    }
                    if let presence { seen.withLock { $0.append(presence) } }
                    return .bytes(Array(#"{"next":"k-0","ends":[]}"#.utf8))
                }
            ],
            tokens: try await TokenRegistry(store: Store(path: folder.file("state.sqlite"))),
            telemetry: .silent)
        let serving = Task { try await server.run() }
        let port = try await server.address.port
        let engine = TransferEngine(telemetry: .silent)
        let poller = RunEndPoller(
            Forwarder.Configuration(
                to: ["https://127.0.0.1:\(port)"], token: nil, trust: .insecure),
            as: GatewayPresence(node: "gw-b1", az: "eu-west-1b"), transfer: engine,
            telemetry: .silent, every: .milliseconds(10)
        ) { _ in }
        let polling = Task { await poller.run() }
        try await eventually("it polls") { seen.withLock { $0.count } >= 3 }
        polling.cancel()
        await polling.value
        let all = seen.withLock { $0 }
        #expect(all.allSatisfy { $0.node == "gw-b1" && $0.az == "eu-west-1b" })
        #expect(all.dropLast().allSatisfy { !$0.isLeaving })
        #expect(all.last?.isLeaving == true)
        serving.cancel()
        engine.shutdown()
    }
}
