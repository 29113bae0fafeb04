import Core
import Events
import Foundation
import Rendering
import Secrets
import TestSupport
import Testing
import Transfer

@testable import Delivery

@Suite("Webhooks")
struct WebhookReceiverTests {
    let bench: DeliveryBench

    init() throws { bench = try DeliveryBench() }

    @Test("the signature matches the example of the Standard Webhooks specification")
    func signature() {
        let signature = WebhookSignature(key: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        let value = signature.value(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", seconds: 1_614_265_330,
            body: Array(#"{"test": 2432232314}"#.utf8))
        #expect(value == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test("id, timestamp and signature arrive with the digest's JSON")
    func delivery() async throws {
        let server = try await HTTPDouble.start()
        let receiver = WebhookReceiver(
            name: "hook", url: .value(server.url("/echo")), signingKey: .value("whsec_c2VrcmV0"),
            transfer: bench.engine, wall: bench.clock.wall)
        let attempt = await receiver.send(Sample.digest(), to: [""])
        #expect(attempt.results.map(\.outcome) == [.sent])
        let request = try #require(try server.requests().first)
        let seconds = bench.clock.wall.now.milliseconds / 1000
        #expect(request.method == "POST")
        #expect(request.body == Sample.digest().model)
        #expect(request.header("content-type") == "application/json")
        #expect(request.header("webhook-id") == "g7f3a.4")
        #expect(request.header("webhook-timestamp") == "\(seconds)")
        let mac = HMACKey(Array("sekret".utf8)).code(
            for: Array("g7f3a.4.\(seconds).\(Sample.digest().model)".utf8))
        #expect(request.header("webhook-signature") == "v1," + Base64.encode(mac))
    }

    @Test(
        "a response that is not HTTP, on a new or reused connection, is retried",
        arguments: ["garbage", "half", "close"])
    func noHTTP(answer: String) async throws {
        let server = try await HTTPDouble.start()
        for isKept in [false, true] {
            if isKept {
                let sound = WebhookReceiver(
                    name: "hook", url: .value(server.url("/echo")), signingKey: nil,
                    transfer: bench.engine)
                _ = await sound.send(Sample.digest(), to: [""])
            }
            let receiver = WebhookReceiver(
                name: "hook", url: .value(server.url("/" + answer)), signingKey: nil,
                transfer: bench.engine)
            let attempt = await receiver.send(Sample.digest(), to: [""])
            #expect(attempt.results.map(\.outcome) == [.retry(after: nil)], "kept: \(isKept)")
        }
    }

    @Test("a receiver that responds one byte at a time delays only its own deliveries")
    func drip() async throws {
        let server = try await HTTPDouble.start()
        func hook(_ name: String, _ path: String) -> WebhookReceiver {
            WebhookReceiver(
                name: name, url: .value(server.url(path)), signingKey: nil,
                deadline: .seconds(600), transfer: bench.engine)
        }
        let slow = hook("slow", "/drip")
        let stuck = Task { await slow.send(Sample.digest(), to: [""]) }
        for _ in 0..<20 {
            let attempt = await hook("sound", "/echo").send(Sample.digest(), to: [""])
            #expect(attempt.results.map(\.outcome) == [.sent])
        }
        stuck.cancel()
        #expect(await stuck.value.results.map(\.outcome) == [.interrupted])
    }

    @Test("without a key nothing is signed; a missing key keeps the digest waiting")
    func keys() async throws {
        let server = try await HTTPDouble.start()
        let unsigned = WebhookReceiver(
            name: "hook", url: .value(server.url("/echo")), signingKey: nil, transfer: bench.engine)
        #expect(await unsigned.send(Sample.digest(), to: [""]).results[0].outcome == .sent)
        let keyless = WebhookReceiver(
            name: "hook", url: .value(server.url("/echo")),
            signingKey: .file(bench.folder.file("absent")), transfer: bench.engine)
        let attempt = await keyless.send(Sample.digest(), to: [""])
        #expect(attempt.results[0].outcome == .retry(after: nil))
        let requests = try server.requests()
        #expect(requests.count == 1)
        #expect(requests.first?.header("webhook-signature") == nil)
    }

    @Test(
        "responses are handled by status",
        arguments: [(204, true), (400, false), (401, false), (410, false)])
    func answers(status: Int, isSent: Bool) async throws {
        let server = try await HTTPDouble.start()
        let receiver = WebhookReceiver(
            name: "hook", url: .value(server.url("/status/\(status)")), signingKey: nil,
            transfer: bench.engine)
        let attempt = await receiver.send(Sample.digest(), to: [""])
        #expect(attempt.results[0].outcome == (isSent ? .sent : .refused))
    }

    @Test("an overloaded service sets the time of the retry")
    func retryAfter() async throws {
        let server = try await HTTPDouble.start()
        let receiver = WebhookReceiver(
            name: "hook", url: .value(server.url("/status/503")), signingKey: nil,
            transfer: bench.engine)
        let attempt = await receiver.send(Sample.digest(), to: [""])
        #expect(attempt.results[0].outcome == .retry(after: .seconds(7)))
    }
}
