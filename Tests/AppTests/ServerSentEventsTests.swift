import Testing

@testable import App

@Suite("Parsing an event stream")
struct ServerSentEventsTests {
    typealias Message = ServerSentEvents.Message

    private func read(_ pieces: [[UInt8]]) -> (messages: [Message], lastID: String, sound: Bool) {
        var events = ServerSentEvents()
        var messages: [Message] = []
        var sound = true
        for piece in pieces {
            sound =
                piece.withUnsafeBytes { bytes in
                    events.feed(bytes) { message in
                        messages.append(message)
                        return true
                    }
                } && sound
        }
        return (messages, events.lastID, sound)
    }

    private static let stream = Array(
        ": following\n\nid: 1:10\ndata: {\"a\":1}\n\nid: 1:20\ndata: zwei\r\n\r\n: still here\n\nid: 1:30\n\nevent: gap\ndata: 7\n\ndata: two\ndata: lines\rid\r\rdata: open"
            .utf8)

    private static let expected = [
        Message(id: "1:10", event: "message", data: Array(#"{"a":1}"#.utf8)),
        Message(id: "1:20", event: "message", data: Array("zwei".utf8)),
        Message(id: "1:30", event: "gap", data: Array("7".utf8)),
        Message(id: "", event: "message", data: Array("two\nlines".utf8)),
    ]

    @Test("the same events for any split of the bytes")
    func cuts() {
        let whole = read([Self.stream])
        #expect(whole.messages == Self.expected)
        #expect(whole.sound)
        for cut in 0...Self.stream.count {
            let (head, tail) = (Array(Self.stream[..<cut]), Array(Self.stream[cut...]))
            #expect(read([head, tail]).messages == Self.expected, "cut at \(cut)")
        }
        #expect(read(Self.stream.map { [$0] }).messages == Self.expected)
    }

    @Test("an id without data is a position to resume from, not an event")
    func places() {
        let found = read([Array("id: 3:5\n\n".utf8)])
        #expect(found.messages.isEmpty)
        #expect(found.lastID == "3:5")
    }

    @Test("a line without end is rejected, memory stays bounded")
    func endless() {
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 18)
        #expect(!read(Array(repeating: piece, count: 5)).sound)
    }

    @Test("a consumer that stops gets no more events")
    func enough() {
        var events = ServerSentEvents()
        var seen = 0
        let goesOn = Self.stream.withUnsafeBytes { bytes in
            events.feed(bytes) { _ in
                seen += 1
                return seen < 2
            }
        }
        #expect(!goesOn && seen == 2)
    }
}
