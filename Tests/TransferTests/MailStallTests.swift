import Telemetry
import TestSupport
import Testing

@testable import Transfer

/// A mail server that stops responding only delays its own conversation.
@Suite("Stalling mail servers")
struct MailStallTests {
    let engine = TransferEngine(telemetry: .silent)

    private static let text = Array("Subject: x\r\n\r\nbody\r\n".utf8)

    private func transfer(
        to server: StallingMailServer, secure: Bool = true, message: [UInt8] = text,
        deadline: Duration = .seconds(600)
    ) -> MailTransfer {
        MailTransfer(
            host: "127.0.0.1", port: server.port, security: secure ? .starttls : .none,
            trust: .file(server.certificate.certificate), username: secure ? "user" : "",
            password: secure ? "sekret" : "", from: "a@b", recipients: ["c@d"], message: message,
            connectDeadline: .seconds(600), deadline: deadline, answerDeadline: .seconds(600))
    }

    /// A message that is too large for any socket buffer.
    private static let large: [UInt8] = {
        // Repeating text copies blocks; joining arrays copies byte by byte, for seconds.
        let line = String(repeating: "x", count: 900) + "\r\n"
        return Array(("Subject: large\r\n\r\n" + String(repeating: line, count: 30_000)).utf8)
    }()

    /// Servers that respond; all stages use them.
    private static let http = Task { try await HTTPDouble.start() }
    private static let sound = Task {
        try await SMTPDouble.start(.none, username: "", password: "")
    }

    @Test(
        "a stall at any stage does not affect other transfers, and can be cancelled",
        .timeLimit(.minutes(2)),
        arguments: StallingMailServer.Stage.allCases, [false, true])
    func besides(stage: StallingMailServer.Stage, drip: Bool) async throws {
        let stalls = try await StallingMailServer.start(
            stage, drip: drip, refuses: stage == .quit)
        let http = try await Self.http.value
        let sound = try await Self.sound.value
        let stuck = Task { [engine] () -> Result<MailReply, TransferError> in
            do throws(TransferError) {
                return .success(
                    try await engine.mail(
                        transfer(to: stalls, message: stage == .body ? Self.large : Self.text)))
            } catch { return .failure(error) }
        }
        try await eventually("the conversation is where it stalls") { stalls.stalls == 1 }

        for _ in 0..<20 {
            let reply = try await engine.http(
                HTTPTransfer(url: http.url("/echo"), deadline: .seconds(20)))
            #expect(reply.status == 200)
        }
        let taken = try await engine.mail(
            MailTransfer(
                host: "127.0.0.1", port: sound.port, security: .none, from: "a@b",
                recipients: ["c@d"], message: Self.text))
        #expect(taken.outcomes.map(\.isDelivered) == [true])

        stuck.cancel()
        switch await stuck.value {
        // The refusal arrived before QUIT, whose reply is not awaited.
        case .success(let reply):
            #expect(stage == .quit && reply.outcomes.map(\.answer.code) == [550])
        case .failure(let error):
            // A dripped byte is not a TLS record: it may end the handshake before the caller does.
            let isBroken = stage == .handshake && drip && error.kind == .tls
            #expect(stage != .quit && (error.kind == .cancelled || isBroken))
        }
    }

    @Test(
        "shutting down ends the conversation, wherever it stalls", .timeLimit(.minutes(2)),
        arguments: StallingMailServer.Stage.allCases.filter { $0 != .quit })
    func shutdown(stage: StallingMailServer.Stage) async throws {
        let mine = TransferEngine(telemetry: .silent)
        let stalls = try await StallingMailServer.start(stage)
        let stuck = Task { () -> TransferError? in
            do throws(TransferError) {
                _ = try await mine.mail(
                    transfer(to: stalls, message: stage == .body ? Self.large : Self.text))
                return nil
            } catch { return error }
        }
        try await eventually("the conversation is where it stalls") { stalls.stalls == 1 }
        mine.shutdown()
        #expect(await stuck.value?.kind == .cancelled)
    }

    @Test(
        "an abandoned conversation sends no end of message: no truncated message arrives",
        .timeLimit(.minutes(2)),
        arguments: [StallingMailServer.Stage.greeting, .ehlo, .mail, .rcpt, .data, .body])
    func noEndOfMessage(stage: StallingMailServer.Stage) async throws {
        var stalls: StallingMailServer
        // On a busy machine the time may be over before the stage; then the next has more of it.
        var deadline = Duration.seconds(1)
        repeat {
            stalls = try await StallingMailServer.start(stage, tls: false)
            let transfer = transfer(
                to: stalls, secure: false, message: stage == .body ? Self.large : Self.text,
                deadline: deadline)
            let error = await #expect(throws: TransferError.self) {
                try await engine.mail(transfer)
            }
            #expect(error?.kind == .timeout)
            deadline *= 2
        } while stalls.stalls == 0
        let server = stalls
        // Let the server read the rest.
        _ = try? await engine.connect(
            host: "127.0.0.1", port: server.port, deadline: .seconds(20))
        try await eventually("the server saw the end") { !server.received.isEmpty }
        #expect(server.received.allSatisfy { !$0.contains(#"\r\n.\r\n"#) }, "\(server.received)")
    }

    @Test("threads end when no transfer runs, and QUIT is sent without waiting for the reply")
    func threadsEnd() async throws {
        let threads = MailThreads(idleLimit: .milliseconds(50))
        let mine = TransferEngine(telemetry: .silent, mailThreads: threads)
        let stalls = try await StallingMailServer.start(.quit)
        for _ in 0..<3 {
            let reply = try await mine.mail(transfer(to: stalls))
            #expect(reply.outcomes.map(\.isDelivered) == [true])
        }
        try await eventually("no thread is left", within: .seconds(30)) { threads.count == 0 }
        try await eventually("the server heard QUIT") { stalls.stalls >= 1 }
    }

    @Test("more conversations than threads: the next is refused as a temporary fault")
    func bounded() async throws {
        let mine = TransferEngine(telemetry: .silent, mailThreads: MailThreads(most: 2))
        let stalls = try await StallingMailServer.start(.greeting)
        let stuck = (0..<2).map { _ in
            Task { try? await mine.mail(transfer(to: stalls)) }
        }
        try await eventually("both talk") { stalls.stalls == 2 }
        let error = await #expect(throws: TransferError.self) {
            try await mine.mail(transfer(to: stalls))
        }
        #expect(error?.kind == .internalFault)
        for task in stuck { task.cancel() }
        for task in stuck { _ = await task.value }
    }

    @Test("names are resolved outside of the thread that serves all transfers")
    func resolver() { #expect(TransferEngine.resolvesApart) }
}
