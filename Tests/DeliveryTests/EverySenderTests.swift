import Events
import Foundation
import JSON
import Rendering
import Secrets
import State
import TestSupport
import Testing
import Transfer

@testable import Delivery

@Suite("Hostile text through every sender")
struct EverySenderTests {
    let bench: DeliveryBench

    init() throws { bench = try DeliveryBench() }

    private func json(_ text: String) -> String {
        var writer = JSONWriter()
        writer.object { $0.member("text", text.isEmpty ? "-" : text) }
        return writer.text
    }

    @Test("each digest arrives once, everywhere, with nothing added")
    func everySender() async throws {
        let slack = try await SlackDouble.start()
        let hook = try await HTTPDouble.start()
        let server = try await SMTPDouble.start(.none, username: "")
        let live = try await SlackDouble.startAPI()
        let piped = bench.folder.file("piped")
        let outgoing = bench.folder.file("outgoing")
        let receivers: [any Receiver] = [
            SlackReceiver(
                name: "slack", url: .value(slack.url), minimumInterval: .zero,
                transfer: bench.engine),
            WebhookReceiver(
                name: "hook", url: .value(hook.url("/echo")), signingKey: nil,
                transfer: bench.engine),
            MailReceiver(
                name: "mail",
                .init(
                    host: "127.0.0.1", port: server.port, security: .none,
                    from: try Mailbox("bw@example.com"), to: [try Mailbox("a@example.com")]),
                transfer: bench.engine),
            FileReceiver(name: "kept", directory: outgoing),
            SlackBotReceiver(
                name: "live", token: .value(live.key), channel: "C0123456789", api: live.apiURL,
                minimumInterval: .zero, transfer: bench.engine),
            ExecReceiver(name: "page", command: ["/bin/sh", "-c", "cat >> \(piped)"]),
        ]
        let digests = HostileText.all.enumerated().map { index, text in
            Sample.digest(
                "d\(index) \(text)", thread: text, subject: text, slack: json(text), text: text,
                html: text, model: json(text))
        }
        let service = bench.service(receivers)
        try await bench.running(service) {
            try await bench.enqueue(digests, service)
            try await bench.passing(until: "everything is settled") {
                try await bench.count(.waiting) == 0
            }
        }
        #expect(try await bench.count(.dead) == 0)
        #expect(try await bench.count(.sent) == digests.count * receivers.count)

        let posts = try slack.requests()
        #expect(posts.map(\.body) == digests.map(\.slack))
        #expect(posts.allSatisfy { $0.status == 200 })
        #expect(Set(posts.map(\.peer_port)).count == 1)

        let hooks = try hook.requests()
        // Digests of different incidents are sent at the same time.
        #expect(hooks.map(\.body).sorted() == digests.map(\.model).sorted())
        #expect(Set(hooks.map { $0.header("webhook-id") }).count == digests.count)
        #expect(Set(hooks.map(\.connection)).count <= 32)

        let input = try String(contentsOfFile: piped, encoding: .utf8)
        #expect(input == digests.map { $0.model + "\n" }.joined())
        #expect(
            try live.messages().map(\.text) == HostileText.all.map { $0.isEmpty ? "-" : $0 })

        let mails = try server.messages()
        #expect(mails.count == digests.count)
        #expect(mails.allSatisfy { $0.recipients == ["a@example.com"] })
        #expect(server.sessions() == 1)
        let heads = mails.map { $0.data.split(separator: "\r\n\r\n")[0] }
        for head in heads {
            #expect(!head.contains("\r\nBcc:"))
            #expect(!head.contains("\r\nX-Evil:"))
        }
    }
}
