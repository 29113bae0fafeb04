import Events
import Foundation
import TestSupport
import Testing

@testable import Delivery

@Suite("Composing mail")
struct MailComposerTests {
    private func compose(
        subject: String = "payments-api canary failing", text: String = "hello\n",
        html: String = "<p>hello</p>\n", id: String = "g7f3a.4", thread: String = "g7f3a",
        from: String = "Bellwether <bw@example.com>", list: String = "mail"
    ) throws -> String {
        let composer = MailComposer(
            from: try Mailbox(from),
            to: [try Mailbox("Ops <ops@example.com>"), try Mailbox("b@c")],
            list: list)
        let digest = Sample.digest(id, thread: thread, subject: subject, text: text, html: html)
        return String(decoding: composer.compose(digest), as: UTF8.self)
    }

    /// Parses messages with Python's parser, an independent implementation, in one process.
    private func parse(_ messages: [String]) async throws -> [Parsed] {
        let folder = try TemporaryDirectory("mail")
        var paths: [String] = []
        for (index, message) in messages.enumerated() {
            paths.append(folder.file("\(index).eml"))
            try Data(message.utf8).write(to: URL(fileURLWithPath: paths[index]))
        }
        let python = try ChildProcess(
            PythonDouble.interpreter,
            [
                "-c",
                """
                import email, email.policy, json, sys
                for path in sys.argv[1:]:
                    m = email.message_from_binary_file(open(path, "rb"), policy=email.policy.default)
                    parts = [p for p in m.walk() if not p.is_multipart()]
                    print(json.dumps({
                        "headers": [[n, str(v)] for n, v in m.items()],
                        "defects": [str(d) for p in m.walk() for d in p.defects],
                        "types": [p.get_content_type() for p in parts],
                        "bodies": [p.get_content() for p in parts]}))
                """,
            ] + paths)
        let exit = try await python.waitForExit()
        try #require(exit == .code(0), "\(python.errors)")
        try await eventually("the output ended") {
            python.output.split(separator: "\n").count == messages.count
        }
        return try python.output.split(separator: "\n").map {
            try JSONDecoder().decode(Parsed.self, from: Data($0.utf8))
        }
    }

    private func parse(_ message: String) async throws -> Parsed {
        try #require(await parse([message]).first)
    }

    private struct Parsed: Decodable {
        let headers: [[String]]
        let defects: [String]
        let types: [String]
        let bodies: [String]

        func header(_ name: String) -> String? { headers.first { $0[0] == name }?[1] }
    }

    @Test("an independent parser finds every part unchanged")
    func wellFormed() async throws {
        let text =
            "Ünïcode → 🔴 = sign\n.dot\n..dots\n trailing space \nFrom here\n\n"
            + String(repeating: "long ", count: 60) + "\nlast without end"
        let html = "<p title=\"a=b\">ü</p>\n"
        let parsed = try await parse(
            try compose(subject: "Ünïcode subject 🔴", text: text, html: html))
        #expect(parsed.defects.isEmpty)
        #expect(parsed.types == ["text/plain", "text/html"])
        #expect(parsed.bodies.map { $0.replacing("\r\n", with: "\n") } == [text + "\n", html])
        #expect(parsed.header("Subject") == "Ünïcode subject 🔴")
        #expect(parsed.header("From") == "Bellwether <bw@example.com>")
        #expect(parsed.header("To") == "Ops <ops@example.com>, b@c")
        #expect(parsed.header("Message-ID") == "<g7f3a.4@example.com>")
        #expect(parsed.header("References") == "<thread.g7f3a@example.com>")
        #expect(parsed.header("In-Reply-To") == "<thread.g7f3a@example.com>")
        #expect(parsed.header("Auto-Submitted") == "auto-generated")
        #expect(parsed.header("List-Id") == "Bellwether mail <mail.bellwether.example.com>")
        #expect(parsed.header("Date") == "Wed, 17 Dec 2025 19:33:20 +0000")
    }

    @Test("the same digest gives the same bytes")
    func deterministic() throws {
        #expect(try compose() == compose())
    }

    @Test("dates, including edge cases")
    func dates() {
        #expect(MailComposer.date(Timestamp(milliseconds: 0)) == "Thu, 01 Jan 1970 00:00:00 +0000")
        #expect(MailComposer.date(Timestamp(milliseconds: -1)) == "Wed, 31 Dec 1969 23:59:59 +0000")
        // RFC 9110's example.
        #expect(
            MailComposer.date(Timestamp(milliseconds: 784_111_777_000))
                == "Sun, 06 Nov 1994 08:49:37 +0000")
    }

    @Test("hostile text in every field stays in its field")
    func hostileText() async throws {
        let clean = try await parse(try compose()).headers.map { $0[0] }
        let texts = HostileText.all
        let messages = try texts.map { text in
            try compose(
                subject: text, text: text + "\n", html: text + "\n", id: text, thread: text,
                list: text)
        }
        let results = try await parse(messages)
        for (index, (message, parsed)) in zip(messages, results).enumerated() {
            // By index: a report must not affect the terminal either.
            let comment: Comment = "text \(index)"
            let bytes = Array(message.utf8)
            // A tab within a line is plain text in quoted-printable (RFC 2045 §6.7).
            #expect(
                bytes.allSatisfy {
                    (0x20..<0x7F).contains($0) || [0x09, 0x0D, 0x0A].contains($0)
                }, comment)
            for line in message.split(separator: "\r\n", omittingEmptySubsequences: false) {
                #expect(line.utf8.count <= 998, comment)
                #expect(!line.utf8.contains(0x0A) && !line.utf8.contains(0x0D), comment)
                #expect(!line.hasPrefix("."), comment)
            }
            #expect(parsed.headers.map { $0[0] } == clean, comment)
            #expect(parsed.types == ["text/plain", "text/html"], comment)
            #expect(parsed.bodies.count == 2, comment)
            let reported = parsed.header("Subject") ?? ""
            #expect(
                reported.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control },
                comment)
        }
    }

    @Test("display names are quoted or encoded; invalid addresses are refused, not repaired")
    func mailboxes() throws {
        #expect(try Mailbox("a@b").header == ["a@b"])
        #expect(try Mailbox("Ops Team <a@b>").header == ["Ops Team", "<a@b>"])
        #expect(try Mailbox("\"Ops, Team\" <a@b>").header == ["\"Ops, Team\"", "<a@b>"])
        #expect(try Mailbox("Zürich <a@b>").header == ["=?UTF-8?B?WsO8cmljaA==?=", "<a@b>"])
        for text in [
            "", "nobody", "<>", "a@b <c>", "Evil\r\nBcc: x@y <a@b>", "Evil\0 <a@b>",
            "x <a@b\r\nRCPT TO:<evil@x>>", "bidi\u{202E} <a@b>",
            String(repeating: "n", count: 101) + " <a@b>",
        ] {
            #expect(throws: MailboxFault.self) { try Mailbox(text) }
        }
    }

    @Test("lines may end in LF or CRLF; other controls are made visible")
    func lineEnds() {
        func encoded(_ text: String) -> String {
            String(decoding: QuotedPrintable.encode(text), as: UTF8.self)
        }
        #expect(encoded("a\r\nb\n") == "a\r\nb\r\n")
        #expect(encoded("a\n\nb") == "a\r\n\r\nb\r\n")
        #expect(encoded("a\rb\0\u{1B}") == "a=EF=BF=BDb=EF=BF=BD=EF=BF=BD\r\n")
        #expect(encoded("tab\tinside and at the end\t") == "tab\tinside and at the end=09\r\n")
        #expect(encoded("") == "")
    }
}
