import Core
import Events
import Foundation
import Rendering
import Secrets
import TestSupport
import Testing
import Transfer

@testable import Delivery

@Suite("Credentials that change while the node runs")
struct RotationTests {
    let bench: DeliveryBench

    init() throws { bench = try DeliveryBench() }

    private func write(_ secret: String, to name: String) throws -> String {
        let path = bench.folder.file(name)
        try "\(secret)\n".write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    @Test("a mail password's file is read on each use")
    func mail() async throws {
        let server = try await SMTPDouble.start()
        let file = try write("old-passw0rd", to: "password")
        let receiver = MailReceiver(
            name: "mail",
            .init(
                host: "127.0.0.1", port: server.port,
                trust: .file(server.certificate.certificate), username: server.username,
                password: .file(file), from: try Mailbox("bw@example.com"),
                to: [try Mailbox("a@example.com")]),
            transfer: bench.engine)
        #expect(
            await receiver.send(Sample.digest(), to: ["a@example.com"]).results.map(\.outcome)
                == [.refused])
        _ = try write(server.password, to: "password")
        #expect(
            await receiver.send(Sample.digest(), to: ["a@example.com"]).results.map(\.outcome)
                == [.sent])
        #expect(try server.messages().map(\.login) == [server.username])
    }

    @Test("a webhook's key and address are read on each use")
    func webhook() async throws {
        let server = try await HTTPDouble.start()
        let key = try write("whsec_b2xk", to: "key")
        let address = try write(server.url("/echo"), to: "url")
        let receiver = WebhookReceiver(
            name: "hook", url: .file(address), signingKey: .file(key), transfer: bench.engine,
            wall: bench.clock.wall)
        let seconds = bench.clock.wall.now.milliseconds / 1000
        let signed = Array("g7f3a.4.\(seconds).\(Sample.digest().model)".utf8)
        for (secret, plain) in [("whsec_b2xk", "old"), ("whsec_bmV3", "new")] {
            _ = try write(secret, to: "key")
            #expect(await receiver.send(Sample.digest(), to: [""]).results[0].outcome == .sent)
            let mac = HMACKey(Array(plain.utf8)).code(for: signed)
            #expect(
                try server.requests().last?.header("webhook-signature")
                    == "v1," + Base64.encode(mac))
        }
        _ = try write("http://127.0.0.1:9/", to: "url")
        #expect(
            await receiver.send(Sample.digest(), to: [""]).results[0].outcome == .retry(after: nil))
    }
}
