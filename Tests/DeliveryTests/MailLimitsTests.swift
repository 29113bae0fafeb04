import Digests
import Events
import Rendering
import Testing

@testable import Delivery

@Suite("Every message as a mail")
struct MailLimitsTests {
    /// The bytes of a digest's mail.
    private func mail(_ digest: Digest) throws -> [UInt8] {
        let composer = MailComposer(
            from: try Mailbox("Bellwether <bw@example.com>"),
            to: [try Mailbox("Ops <ops@example.com>")], list: "mail")
        return composer.compose(Renderer().render(digest))
    }

    private func expectWithinLimits(_ digest: Digest) throws {
        let bytes = try mail(digest)
        #expect(bytes.count <= 100_000, "\(bytes.count)")
        #expect(bytes.allSatisfy { $0 < 0x80 && $0 != 0 }, "seven bits")
        var length = 0
        for (i, byte) in bytes.enumerated() {
            if byte == 0x0A {
                #expect(i > 0 && bytes[i - 1] == 0x0D, "a bare LF at \(i)")
                #expect(length - 1 <= 998)
                length = 0
            } else {
                #expect(byte != 0x0D || i + 1 < bytes.count && bytes[i + 1] == 0x0A, "a bare CR")
                length += 1
            }
        }
    }

    @Test(
        "CRLF, 7-bit, lines of at most 998, 100 KB", arguments: SampleDigests.named.map(\.name)
    )
    func samples(_ name: String) throws {
        let sample = try #require(SampleDigests.named.first { $0.name == name })
        try expectWithinLimits(sample.digest)
    }

    @Test("names of nine bytes per letter, with the largest counts that are kept")
    func widest() throws {
        var machine = DigestMachine(settings: DigestSettings(firstAfter: .zero))
        let start = Timestamp(milliseconds: 1_795_600_800_000)
        var end = LogPosition(segment: 1, offset: 0)
        let wide = String(repeating: "測", count: 250)
        for n in 0..<40 {
            var event = Event(
                ts: start, level: .error, event: "analysis.unhealthy", node: "\(n)\(wide)",
                az: "\(n)\(wide)", namespace: "prod", rollout: "payments-api", attempt: n)
            event.status = .unhealthy
            event.deltas = (0..<16).map { i in
                MetricDelta(
                    metric: "canary.\(i)\(wide)", value: Double(n), previous: 0, stable: 0.1,
                    limit: 0.2, unit: .milliseconds, state: .fail)
            }
            event.reasons = [
                Reason(
                    check: "\(n)\(wide)", state: .fail, value: 1, limit: 0.5, why: wide,
                    detail: wide)
            ]
            event.message = wide
            for line in [
                event,
                Event(
                    ts: start, level: .warn, event: "\(n)\(wide)",
                    namespace: "prod", rollout: "payments-api", message: wide),
            ] {
                end.offset += 100
                machine.observe(line, at: end, now: start)
            }
        }
        let said = machine.due(now: start + .seconds(1), caughtUp: true)
        #expect(said.count == 1)
        for digest in said {
            try expectWithinLimits(digest)
            let rendered = Renderer().render(digest)
            #expect(rendered.html.hasSuffix("</html>\n"))
            #expect(rendered.text.contains("digest \(digest.id)"))
        }
    }
}
