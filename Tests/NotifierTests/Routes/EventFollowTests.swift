import Events
import HTTPTypes
import HummingbirdCore
import EventLog
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import Notifier

@Suite("Following the log")
struct EventFollowTests {
    /// The bytes sent to a client, which is slow where a test requires it.
    private final class Client: Sendable {
        private let state = Mutex("")
        /// Called before each write is accepted.
        let beforeWrite: @Sendable () async -> Void

        init(beforeWrite: @escaping @Sendable () async -> Void = {}) {
            self.beforeWrite = beforeWrite
        }

        func take(_ buffer: ByteBuffer) { state.withLock { $0 += String(buffer: buffer) } }
        var text: String { state.withLock { $0 } }

        /// The messages of the lines so far.
        var messages: [String] {
            text.split(separator: "\n").filter { $0.hasPrefix("data: {") }.compactMap { line in
                try? Event(line: Array(line.dropFirst(6).utf8)).message
            }
        }
    }

    private struct Writer: ResponseBodyWriter {
        let client: Client

        mutating func write(_ buffer: ByteBuffer) async throws {
            await client.beforeWrite()
            client.take(buffer)
        }

        consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
            client.take(ByteBuffer(string: "<end>"))
        }
    }

    private let folder: TemporaryDirectory
    private let eventLog: EventLog

    init() async throws {
        folder = try TemporaryDirectory()
        eventLog = try await EventLog.open(
            EventLogConfiguration(directory: folder.file("log"), node: "n", segmentBytes: 4096))
    }

    private func follow(
        from place: LogPosition, _ client: Client,
        clock: any Clock<Duration> = ContinuousClock(),
        while isWelcome: @escaping @Sendable () -> Bool
    ) -> Task<Void, any Error> {
        let response = EventFollow(
            eventLog: eventLog, query: .all, from: place, clock: clock, while: isWelcome
        ).response
        return Task { try await response.body.write(Writer(client: client)) }
    }

    private func append(_ message: String) async throws {
        _ = try await eventLog.ingest(Array(ServedNotifier.line(message).utf8))
    }

    @Test("lines appended during the start and across segment changes arrive once, in order")
    func once() async throws {
        let client = Client()
        for number in 0..<20 { try await append("m\(number)") }
        let following = follow(from: .start, client) { true }
        for number in 20..<120 { try await append("m\(number)") }
        try await eventually("all lines") { client.messages.count >= 120 }
        #expect(client.messages == (0..<120).map { "m\($0)" })
        // The log's end ends the stream.
        await eventLog.close()
        try await following.value
        #expect(client.text.hasSuffix("<end>"))
    }

    @Test("a client that resumes with the id of its last line misses none and repeats none")
    func comesBack() async throws {
        var seen: [String] = []
        var place = LogPosition.start
        for round in 0..<5 {
            for number in 0..<10 { try await append("m\(round * 10 + number)") }
            let client = Client()
            let following = follow(from: place, client) { true }
            try await eventually("some lines") { client.messages.count >= 3 }
            following.cancel()
            _ = try? await following.value
            seen += client.messages
            let id = try #require(
                client.text.split(separator: "\n").last { $0.hasPrefix("id: ") })
            place = try #require(LogPosition(id.dropFirst(4)))
        }
        let client = Client()
        let following = follow(from: place, client) { true }
        let before = seen
        try await eventually("the rest") { before.count + client.messages.count >= 50 }
        #expect(before + client.messages == (0..<50).map { "m\($0)" })
        following.cancel()
        await eventLog.close()
    }

    @Test("a follower that has all lines rests, and then reads what came meanwhile at once")
    func rests() async throws {
        let clock = ManualClock()
        let client = Client()
        let following = follow(from: .start, client, clock: clock) { true }
        await clock.sleepers(1)
        clock.advance(by: EventFollow.rest)
        for round in 0..<3 {
            try await append("first \(round)")
            try await eventually("its line") { client.messages.last == "first \(round)" }
            await clock.sleepers(1)
            for number in 0..<20 { try await append("m\(number)") }
            // The clock stands still.
            #expect(client.messages.last == "first \(round)")
            clock.advance(by: EventFollow.rest)
            try await eventually("the others") { client.messages.last == "m19" }
            await clock.sleepers(1)
            clock.advance(by: EventFollow.rest)
        }
        #expect(client.messages.count == 63)
        following.cancel()
        await eventLog.close()
    }

    @Test("a credential that ends between two batches ends the stream before the next")
    func welcome() async throws {
        let welcome = Welcome()
        let client = Client()
        for number in 0..<10 { try await append("m\(number)") }
        let following = follow(from: .start, client) { welcome.holds }
        try await eventually("the first lines") { client.messages.count == 10 }
        welcome.end()
        try await append("late")
        try await following.value
        #expect(!client.messages.contains("late"))
        #expect(client.text.hasSuffix("<end>"))
        await eventLog.close()
    }

    @Test("a position beyond the log's end is reported, and reading restarts")
    func anew() async throws {
        try await append("first")
        let client = Client()
        let following = follow(from: LogPosition(segment: 99, offset: 7), client) { true }
        try await eventually("the line") { client.messages == ["first"] }
        #expect(client.text.contains("event: anew\n"))
        await eventLog.close()
        try await following.value
    }

    @Test("no further line is read for a client that does not accept one")
    func slow() async throws {
        let gate = Welcome()
        let client = Client(beforeWrite: {
            while gate.holds, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(5)) }
        })
        for number in 0..<30 { try await append("m\(number)") }
        let following = follow(from: .start, client) { true }
        try await append("behind")
        #expect(client.text.isEmpty)
        gate.end()
        try await eventually("all") { client.messages.last == "behind" }
        #expect(client.messages.count == 31)
        following.cancel()
        await eventLog.close()
    }

    private final class Welcome: Sendable {
        private let state = Atomic(true)
        var holds: Bool { state.load(ordering: .acquiring) }
        func end() { state.store(false, ordering: .releasing) }
    }
}
