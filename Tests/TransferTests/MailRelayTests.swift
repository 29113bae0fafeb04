import Foundation
import Telemetry
import TestSupport
import Testing

@testable import Transfer

/// Requirements of mail relays.
@Suite("Mail through relays in common configurations")
struct MailRelayTests {
    let engine = TransferEngine(telemetry: .silent)

    private func transfer(_ server: SMTPDouble) -> MailTransfer {
        MailTransfer(
            host: "127.0.0.1", port: server.port, security: .starttls,
            trust: .file(server.certificate.certificate), username: server.username,
            password: server.password, from: "bellwether@example.com",
            recipients: ["a@example.com"], message: Array("Subject: x\r\n\r\nx\r\n".utf8),
            deadline: .seconds(20), answerDeadline: .seconds(20))
    }

    // MARK: - The greeting

    @Test("a relay that requires a fully-qualified name accepts the greeting")
    func greeting() async throws {
        for hello in ["", "gw-a1.shop.example", "[192.0.2.1]", "[IPv6:2001:db8::1]"] {
            // Another relay each time: a reused connection is greeted only once.
            let server = try await SMTPDouble.start(isStrict: true)
            var transfer = transfer(server)
            transfer.hello = hello
            let reply = try await engine.mail(transfer)
            #expect(reply.outcomes.map(\.isDelivered) == [true], "\(hello)")
            let message = try #require(server.messages().last)
            #expect(hello.isEmpty || message.hello == hello)
        }
    }

    @Test(
        "a name that relays refuse is not sent",
        arguments: [
            "gw", "gw_a1.example", "-a.example", "a..b", "a.b\r\nMAIL", "10.0.0.1", "[10.0.0]",
            "[]",
            "[IPv6:1.2.3]", "a b.example", "gw.example.",
        ])
    func badName(hello: String) async throws {
        #expect(HelloName.fault(in: hello) != nil)
        let server = try await SMTPDouble.start()
        var transfer = transfer(server)
        transfer.hello = hello
        do throws(TransferError) {
            _ = try await engine.mail(transfer)
            Issue.record("sent")
        } catch {
            #expect(error.kind == .invalid)
            #expect(error.words.contains("hello"))
        }
        #expect(server.sessions() == 0)
    }

    @Test("relays accept this machine's own name")
    func ownName() {
        for isLoopback in [false, true] {
            #expect(HelloName.fault(in: HelloName.standard(isLoopback: isLoopback)) == nil)
        }
    }

    // MARK: - Authentication

    @Test(
        "the mechanism is one that the relay offers and the credential allows",
        arguments: [
            ("PLAIN", "PLAIN"), ("LOGIN", "LOGIN"), ("LOGIN PLAIN", "PLAIN"),
            ("CRAM-MD5", "CRAM-MD5"),
            ("GSSAPI NTLM PLAIN", "PLAIN"), ("NTLM GSSAPI LOGIN XOAUTH2", "LOGIN"),
            ("GSSAPI CRAM-MD5 PLAIN", "CRAM-MD5"),
        ])
    func automatic(offered: String, used: String) async throws {
        let server = try await SMTPDouble.start(mechanisms: offered)
        let reply = try await engine.mail(transfer(server))
        #expect(reply.outcomes.map(\.isDelivered) == [true])
        #expect(try server.messages().map(\.mechanism) == [used])
        #expect(try server.messages().map(\.login) == [server.username])
        #expect(!"\(reply)".contains(server.password))
    }

    @Test(
        "a configured mechanism is used",
        arguments: [
            (MailTransfer.Authentication.plain, "PLAIN"), (.login, "LOGIN"), (.cramMD5, "CRAM-MD5"),
        ])
    func chosen(authentication: MailTransfer.Authentication, used: String) async throws {
        let server = try await SMTPDouble.start(mechanisms: "GSSAPI CRAM-MD5 LOGIN PLAIN")
        var transfer = transfer(server)
        transfer.authentication = authentication
        _ = try await engine.mail(transfer)
        #expect(try server.messages().map(\.mechanism) == [used])
    }

    @Test("a token is sent by XOAUTH2, and never printed")
    func token() async throws {
        let server = try await SMTPDouble.start(
            password: "ya29.t0ken", mechanisms: "LOGIN PLAIN XOAUTH2")
        for authentication in [MailTransfer.Authentication.automatic, .xoauth2] {
            var transfer = transfer(server)
            (transfer.token, transfer.password) = (transfer.password, "")
            transfer.authentication = authentication
            let reply = try await engine.mail(transfer)
            #expect(reply.outcomes.map(\.isDelivered) == [true])
            #expect(try server.messages().last?.mechanism == "XOAUTH2")
            #expect(!"\(reply)".contains("ya29"))
        }
    }

    @Test("a refused token is reported with the relay's text, in either form of the refusal")
    func refusedToken() async throws {
        let server = try await SMTPDouble.start(
            password: "ya29.t0ken", mechanisms: "LOGIN PLAIN XOAUTH2")
        var transfer = transfer(server)
        (transfer.token, transfer.password) = ("ya29.bad", "")
        let refused = try await engine.mail(transfer)
        #expect(refused.outcomes.map(\.stage) == [.authentication])
        #expect(
            refused.outcomes.map(\.answer)
                == [SMTPAnswer(code: 535, enhanced: "5.7.3", words: "the token is no good")])
        #expect(!"\(refused)".contains("ya29"))
        transfer.token = "ya29.0ld"
        do throws(TransferError) {
            _ = try await engine.mail(transfer)
            Issue.record("sent")
        } catch {
            #expect(error.words.contains(#"{"status":"401","schemes":"Bearer"}"#))
            #expect(!"\(error)".contains("ya29"))
        }
        #expect(try server.messages().isEmpty)
    }

    @Test("without a common mechanism, the error lists the relay's and ours")
    func nothingFits() async throws {
        let server = try await SMTPDouble.start(mechanisms: "GSSAPI NTLM")
        do throws(TransferError) {
            _ = try await engine.mail(transfer(server))
            Issue.record("sent")
        } catch {
            #expect(error.words.contains("GSSAPI NTLM"))
            #expect(error.words.contains("PLAIN"))
            #expect(error.words.contains("auth"))
            #expect(!"\(error)".contains(server.password))
        }
        var token = transfer(server)
        token.authentication = .xoauth2
        do throws(TransferError) {
            _ = try await engine.mail(token)
            Issue.record("sent")
        } catch { #expect(error.kind == .invalid) }
    }

    // MARK: - Extensions

    @Test(
        "SMTPUTF8 and 8BITMIME are never requested: 7-bit mail passes every relay",
        arguments: [false, true])
    func extensions(offersUTF8: Bool) async throws {
        let server = try await SMTPDouble.start(offersUTF8: offersUTF8)
        _ = try await engine.mail(transfer(server))
        let options = try #require(server.messages().first?.options)
        #expect(options.allSatisfy { $0.uppercased().hasPrefix("SIZE=") }, "\(options)")
    }
}
