import Foundation
import Telemetry
import TestSupport
import Testing
import Transfer

@Suite("Mail transfers against a real server")
struct MailTests {
    let engine = TransferEngine(telemetry: .silent)

    private static let text = "Subject: hello\r\n\r\nfirst\r\n.second\r\n..third\r\n.\r\nlast\r\n"

    private func transfer(
        _ server: SMTPDouble, _ security: MailTransfer.Security = .starttls,
        to recipients: [String] = ["a@example.com"]
    ) -> MailTransfer {
        MailTransfer(
            host: "127.0.0.1", port: server.port, security: security,
            trust: .file(server.certificate.certificate), username: server.username,
            password: server.password, from: "bellwether@example.com", recipients: recipients,
            message: Array(Self.text.utf8), deadline: .seconds(20), answerDeadline: .seconds(20))
    }

    private func fault(_ transfer: MailTransfer) async -> TransferError? {
        do throws(TransferError) {
            _ = try await engine.mail(transfer)
            return nil
        } catch { return error }
    }

    @Test(
        "STARTTLS with AUTH, and implicit TLS: the message arrives byte for byte",
        arguments: [
            (SMTPDouble.Security.starttls, MailTransfer.Security.starttls), (.implicit, .implicit),
            (.none, .none),
        ])
    func delivery(server kind: SMTPDouble.Security, ours: MailTransfer.Security) async throws {
        let server = try await SMTPDouble.start(kind)
        let reply = try await engine.mail(
            transfer(server, ours, to: ["a@example.com", "b@example.com"]))
        #expect(reply.outcomes.map(\.recipient) == ["a@example.com", "b@example.com"])
        #expect(reply.outcomes.map(\.isDelivered) == [true, true])
        let taken = SMTPAnswer(code: 250, enhanced: "2.0.0", words: "taken")
        #expect(reply.outcomes[0].answer == taken)
        let messages = try server.messages()
        let message = try #require(messages.first)
        #expect(messages.count == 1)
        #expect(message.from == "bellwether@example.com")
        #expect(message.recipients == ["a@example.com", "b@example.com"])
        #expect(message.tls == (kind != .none))
        #expect(message.login == server.username)
        #expect(message.data == Self.text)
    }

    @Test("the conversation is recorded without the password")
    func conversation() async throws {
        let server = try await SMTPDouble.start()
        let reply = try await engine.mail(transfer(server))
        let verbs = reply.conversation.map { $0.command.prefix { $0 != " " } }
        #expect(verbs == ["", "EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"])
        #expect(reply.conversation.allSatisfy { $0.answer != nil })
        let reported = "\(reply)"
        #expect(!reported.contains(server.password))
        let plain = Data("\0\(server.username)\0\(server.password)".utf8).base64EncodedString()
        #expect(!reported.contains(plain))
    }

    @Test("one refused recipient of three: the others get it")
    func oneRefused() async throws {
        let server = try await SMTPDouble.start(
            script: .init(recipients: ["bad@example.com": ["550 5.1.1 no such user here"]]))
        let reply = try await engine.mail(
            transfer(server, to: ["a@example.com", "bad@example.com", "c@example.com"]))
        #expect(reply.outcomes.map(\.isDelivered) == [true, false, true])
        #expect(
            reply.outcomes[1].answer
                == SMTPAnswer(code: 550, enhanced: "5.1.1", words: "no such user here"))
        #expect(reply.outcomes[1].answer.isPermanent)
        #expect(reply.outcomes[1].stage == .recipient)
        let arrived = try server.messages().map(\.recipients)
        #expect(arrived == [["a@example.com", "c@example.com"]])
    }

    @Test("all recipients are refused, each with its own reply")
    func allRefused() async throws {
        let server = try await SMTPDouble.start(
            script: .init(recipients: [
                "a@example.com": ["450 4.2.1 come back later"], "b@example.com": ["553 5.1.3 no"],
            ]))
        let reply = try await engine.mail(
            transfer(server, to: ["a@example.com", "b@example.com"]))
        #expect(reply.outcomes.map(\.answer.code) == [450, 553])
        #expect(reply.outcomes.map(\.answer.isPermanent) == [false, true])
        #expect(try server.messages().isEmpty)
    }

    @Test("a refused sender, and a refused message, refuse every recipient")
    func wholeRefused() async throws {
        let server = try await SMTPDouble.start(
            script: .init(
                senders: ["bellwether@example.com": "550 5.7.1 not you"],
                data: ["451 4.3.0 disk full"]))
        let sender = try await engine.mail(transfer(server, to: ["a@b", "c@d"]))
        #expect(sender.outcomes.map(\.stage) == [.sender, .sender])
        #expect(sender.outcomes.map(\.answer.code) == [550, 550])

        try server.script(.init(data: ["451 4.3.0 disk full"]))
        let message = try await engine.mail(transfer(server, to: ["a@b", "c@d"]))
        #expect(message.outcomes.map(\.stage) == [.message, .message])
        #expect(message.outcomes.map(\.answer.enhanced) == ["4.3.0", "4.3.0"])
        #expect(try server.messages().isEmpty)
    }

    @Test("a wrong password is refused with the server's code, and never printed")
    func wrongPassword() async throws {
        let server = try await SMTPDouble.start()
        var wrong = transfer(server)
        wrong.password = "wr0ng-sekret"
        let reply = try await engine.mail(wrong)
        #expect(reply.outcomes.map(\.stage) == [.authentication])
        #expect(reply.outcomes.map(\.answer.code) == [535])
        #expect(!"\(reply)".contains("wr0ng-sekret"))
    }

    @Test("without STARTTLS nothing is sent; an unknown certificate is refused")
    func noPlaintext() async throws {
        let plain = try await SMTPDouble.start(.none)
        #expect(await fault(transfer(plain, .starttls))?.kind == .tls)
        let secure = try await SMTPDouble.start()
        var untrusted = transfer(secure)
        untrusted.trust = .system
        #expect(await fault(untrusted)?.kind == .tls)
        #expect(try plain.messages().isEmpty)
        #expect(try secure.messages().isEmpty)
    }

    @Test("a password never crosses the network in plain text")
    func plaintextPassword() async throws {
        let transfer = MailTransfer(
            host: "mail.example.com", port: 25, security: .none, username: "u", password: "sekret",
            from: "a@b", recipients: ["c@d"], message: Array("\r\n".utf8))
        let error = try #require(await fault(transfer))
        #expect(error.kind == .invalid)
        #expect(!"\(error)".contains("sekret"))
    }

    @Test("the connection is reused for the next message")
    func reuse() async throws {
        let server = try await SMTPDouble.start()
        for _ in 0..<5 { _ = try await engine.mail(transfer(server)) }
        #expect(server.sessions() == 1)
        #expect(try server.messages().count == 5)
        server.kill()
    }

    @Test("a server that closes between two messages only costs a connection")
    func staleConnection() async throws {
        let server = try await SMTPDouble.start()
        _ = try await engine.mail(transfer(server))
        server.kill()
        let error = await fault(transfer(server))
        #expect(error?.kind == .refused || error?.kind == .closed)
    }

    @Test("hostile addresses and messages are refused before anything is sent")
    func injection() async throws {
        let server = try await SMTPDouble.start(.none, username: "")
        for address in ["a@b>\r\nRCPT TO:<evil@example.com", "a@b\nDATA", "a b@c", ""] {
            #expect(await fault(transfer(server, .none, to: ["x@y", address]))?.kind == .invalid)
            var sender = transfer(server, .none)
            sender.from = address
            #expect(await fault(sender)?.kind == .invalid)
        }
        let long = String(repeating: "x", count: 999) + "\r\n"
        for message in ["no end", "bare\nline\r\n", "bare\rreturn\r\n", "nul\0\r\n", "", long] {
            var bad = transfer(server, .none)
            bad.message = Array(message.utf8)
            #expect(await fault(bad)?.kind == .invalid, "\(message.debugDescription)")
        }
        for secret in ["a\r\nb", "a\0b"] {
            var bad = transfer(server, .none)
            bad.username = "u"
            bad.password = secret
            #expect(await fault(bad)?.kind == .invalid)
        }
        #expect(await fault(transfer(server, .none, to: []))?.kind == .invalid)
        #expect(try server.messages().isEmpty)
        #expect(server.sessions() == 0)
    }

    @Test("a server that never responds is abandoned at the deadline")
    func silence() async throws {
        // The HTTP double waits for a request, so as a mail server it is silent.
        let mute = try await HTTPDouble.start()
        let transfer = MailTransfer(
            host: "127.0.0.1", port: mute.port, security: .none, from: "a@b", recipients: ["c@d"],
            message: Array("\r\n".utf8), deadline: .milliseconds(300))
        #expect(await fault(transfer)?.kind == .timeout)
    }

    // MARK: - Servers that stop responding

    private func tarpit(_ answers: [String], closes: Bool = false) async throws -> PythonDouble {
        let list = String(decoding: try JSONEncoder().encode(answers), as: UTF8.self)
        return try await PythonDouble.start("smtp_tarpit.py", [list] + (closes ? ["--close"] : []))
    }

    private func plain(_ server: PythonDouble, answerDeadline: Duration) -> MailTransfer {
        MailTransfer(
            host: "127.0.0.1", port: server.port, security: .none, from: "a@b",
            recipients: ["c@d"], message: Array("Subject: x\r\n\r\nbody\r\n".utf8),
            answerDeadline: answerDeadline)
    }

    @Test(
        "a server that refuses and then never answers QUIT delays nothing",
        .timeLimit(.minutes(1)))
    func muteAfterRefusal() async throws {
        let server = try await tarpit(["220 hi", "250 hello", "550 5.7.1 not you"])
        let reply = try await engine.mail(plain(server, answerDeadline: .seconds(600)))
        #expect(reply.outcomes.map(\.answer.code) == [550])
        #expect(reply.outcomes.map(\.stage) == [.sender])
    }

    @Test("no reply to the message: the outcome is reported as unknown")
    func muteAfterMessage() async throws {
        let answers = ["220 hi", "250 hello", "250 ok", "250 ok", "354 go on"]
        let mute = try await tarpit(answers)
        #expect(await fault(plain(mute, answerDeadline: .milliseconds(300)))?.kind == .timeout)
        let gone = try await tarpit(answers, closes: true)
        #expect(await fault(plain(gone, answerDeadline: .seconds(60)))?.kind == .closed)
    }

    @Test("the password is not reported, even if a peer echoes it in its refusal")
    func echoedPassword() async throws {
        let server = try await tarpit([
            "220 hi", "250-hello\r\n250 AUTH PLAIN",
            "535 5.7.8 bad password hunter2-sekret\u{1B}[31m",
        ])
        var transfer = plain(server, answerDeadline: .seconds(60))
        transfer.username = "user"
        transfer.password = "hunter2-sekret"
        let reply = try await engine.mail(transfer)
        #expect(reply.outcomes.map(\.answer.words) == ["bad password *** [31m"])
        #expect(!"\(reply)".contains("hunter2-sekret"))
    }
}
