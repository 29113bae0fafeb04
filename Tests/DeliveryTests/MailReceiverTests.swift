import Events
import Foundation
import Rendering
import Secrets
import State
import TestSupport
import Testing
import Transfer

@testable import Delivery

@Suite("Mail, against a real server")
struct MailReceiverTests {
    let bench: DeliveryBench

    init() throws { bench = try DeliveryBench() }

    private func receiver(
        _ server: SMTPDouble, _ security: MailTransfer.Security = .starttls,
        to recipients: [String] = ["a@example.com"]
    ) throws -> MailReceiver {
        MailReceiver(
            name: "mail",
            .init(
                host: "127.0.0.1", port: server.port, security: security,
                trust: .file(server.certificate.certificate), username: server.username,
                password: .value(server.password),
                from: try Mailbox("Bellwether Zürich <bw@example.com>"),
                to: try recipients.map { try Mailbox($0) }, deadline: .seconds(20)),
            transfer: bench.engine)
    }

    @Test("one of three recipients is refused: two get the mail, one is a dead letter")
    func oneRefused() async throws {
        let server = try await SMTPDouble.start(
            script: .init(recipients: ["bad@example.com": ["550 5.1.1 no such user"]]))
        let service = bench.service([
            try receiver(server, to: ["a@example.com", "bad@example.com", "c@example.com"])
        ])
        try await bench.running(service) {
            try await bench.enqueue([Sample.digest("one"), Sample.digest("two")], service)
            try await eventually("four are sent") { try await bench.count(.sent) == 4 }
            try await eventually("two are dead") { bench.deadLetters.count == 2 }
        }
        let arrived = try server.messages().map(\.recipients)
        #expect(arrived == Array(repeating: ["a@example.com", "c@example.com"], count: 2))
        #expect(
            bench.deadLetters.map(\.addressee.recipient) == ["bad@example.com", "bad@example.com"])
        #expect(bench.deadLetters[0].words == "550 5.1.1 no such user (at recipient)")
    }

    @Test("a refused token is retried with the current content of its file")
    func renewedToken() async throws {
        let server = try await SMTPDouble.start(
            password: "ya29.t0ken", mechanisms: "PLAIN XOAUTH2")
        let folder = try TemporaryDirectory("token")
        let path = folder.file("token")
        // Refused by a 535 reply, then in a challenge.
        var tokens = ["ya29.0ld", "ya29.t0ken"]
        try "ya29.bad".write(toFile: path, atomically: true, encoding: .utf8)
        let receiver = MailReceiver(
            name: "mail",
            .init(
                host: "127.0.0.1", port: server.port, trust: .file(server.certificate.certificate),
                username: server.username, token: .file(path), from: try Mailbox("bw@example.com"),
                to: [try Mailbox("a@example.com")], deadline: .seconds(20)),
            transfer: bench.engine)
        var attempt = await receiver.send(Sample.digest(), to: receiver.recipients)
        while !tokens.isEmpty {
            #expect(attempt.results.map(\.outcome) == [.retry(after: nil)])
            #expect(!"\(attempt)".contains("ya29"))
            try tokens.removeFirst().write(toFile: path, atomically: true, encoding: .utf8)
            attempt = await receiver.send(Sample.digest(), to: receiver.recipients)
        }
        #expect(attempt.results.map(\.outcome) == [.sent])
    }

    @Test("4yz, then success: the same bytes, and only to recipients that had not got them")
    func transient() async throws {
        let server = try await SMTPDouble.start(
            script: .init(
                recipients: ["slow@example.com": ["450 4.2.1 greylisted", nil]],
                data: ["451 4.3.0 full"]))
        let service = bench.service([
            try receiver(server, to: ["a@example.com", "slow@example.com"])
        ])
        try await bench.running(service) {
            try await bench.enqueue([Sample.digest()], service)
            try await bench.passing(until: "both have it") { try await bench.count(.sent) == 2 }
        }
        let messages = try server.messages()
        #expect(Set(messages.flatMap(\.recipients)) == ["a@example.com", "slow@example.com"])
        #expect(messages.flatMap(\.recipients).count == 2)
        #expect(Set(messages.map(\.data)).count == 1)
        #expect(messages[0].data.contains("Message-ID: <g7f3a.4@example.com>\r\n"))
        #expect(messages[0].login == server.username)
    }

    @Test("implicit TLS; an untrusted certificate keeps the digest waiting, and is reported")
    func implicit() async throws {
        let server = try await SMTPDouble.start(.implicit)
        let sent = await (try receiver(server, .implicit))
            .send(Sample.digest(), to: ["a@example.com"])
        #expect(sent.results.map(\.outcome) == [.sent])

        var configuration = MailReceiver.Configuration(
            host: "127.0.0.1", port: server.port, security: .implicit,
            from: try Mailbox("bw@example.com"), to: [try Mailbox("a@example.com")])
        configuration.trust = .system
        let untrusted = MailReceiver(name: "mail", configuration, transfer: bench.engine)
        let attempt = await untrusted.send(Sample.digest(), to: ["a@example.com"])
        #expect(attempt.results.map(\.outcome) == [.retry(after: nil)])
        #expect(attempt.results[0].words.contains("certificate"))
        #expect(try server.messages().count == 1)
    }

    @Test("a wrong password is dead at once, with the server's text and without the password")
    func wrongPassword() async throws {
        let server = try await SMTPDouble.start()
        let wrong = MailReceiver(
            name: "mail",
            .init(
                host: "127.0.0.1", port: server.port,
                trust: .file(server.certificate.certificate), username: server.username,
                password: .value("wr0ng-sekret"), from: try Mailbox("bw@example.com"),
                to: [try Mailbox("a@example.com")]),
            transfer: bench.engine)
        let attempt = await wrong.send(Sample.digest(), to: ["a@example.com"])
        #expect(attempt.results.map(\.outcome) == [.refused])
        #expect(attempt.results[0].words.hasPrefix("535 "))
        #expect(!"\(attempt)".contains("wr0ng-sekret"))
    }

    @Test("a test message reports each step of the conversation, without credentials")
    func testMessage() async throws {
        let server = try await SMTPDouble.start()
        let digests = SampleDigests.tests(at: Timestamp(milliseconds: 1_795_413_600_000))
        let attempt = try await receiver(server).sendTests(digests.map(Renderer().render))
        #expect(attempt.results.map(\.outcome) == [.sent])
        #expect(attempt.steps.contains { $0.what.contains("STARTTLS") && $0.succeeded })
        #expect(attempt.steps.contains { $0.what.contains("AUTH") && $0.succeeded })
        #expect(!"\(attempt.steps)".contains(server.password))
        let subjects = try server.messages().compactMap { message in
            message.data.split(separator: "\r\n").first { $0.hasPrefix("Subject: ") }
        }
        #expect(
            subjects.map { String($0.dropFirst("Subject: ".count).prefix { $0 != "]" }) }
                == [
                    "[TEST: FAILING", "[TEST: RECOVERED", "[TEST: ABORTED", "[TEST: NOTICE",
                    "[TEST: FAILING",
                ])
        #expect(subjects.allSatisfy { $0.contains("] Test: ") })
    }
}
