import EventLog
import Events
import Telemetry
import TestSupport
import Testing

@testable import Notifier

@Suite("The gateways that forward to a notifier")
struct GatewayBookTests {
    private static let limit = Duration.seconds(300)
    private static let start = Timestamp(milliseconds: 1_795_600_920_000)

    /// A table with a clock; records every change at once, as a log that accepts all.
    private struct Script {
        var table = GatewayTable()
        var elapsed = Duration.zero
        var said: [String] = []

        var now: Timestamp { start + elapsed }

        mutating func request(_ node: String, isLeaving: Bool = false) {
            table.note(
                GatewayPresence(node: node, az: "a", isLeaving: isLeaving), at: elapsed, now: now)
        }

        /// Looks every second; `present` send a request every two.
        mutating func pass(_ seconds: Int, present: [String] = [], limit: Duration = limit) {
            for second in 0..<seconds {
                elapsed += .seconds(1)
                if second.isMultiple(of: 2) { for node in present { request(node) } }
                for news in table.due(at: elapsed, now: now, limit: limit) {
                    table.settle(news, now: now)
                    said.append("\(news.change) \(news.node)")
                }
            }
        }
    }

    @Test("one that is silent is reported once, and that it is back")
    func silence() {
        var script = Script()
        script.pass(600, present: ["gw-1", "gw-2"])
        #expect(script.said == ["seen gw-1", "seen gw-2"])
        script.said = []
        script.pass(298, present: ["gw-2"])
        #expect(script.said.isEmpty)
        script.pass(3600, present: ["gw-2"])
        #expect(script.said == ["silent gw-1"])
        #expect(script.table.gateways.map(\.state) == [.silent, .present])
        script.pass(600, present: ["gw-1", "gw-2"])
        #expect(script.said == ["silent gw-1", "back gw-1"])
        script.pass(600, present: ["gw-2"])
        #expect(script.said == ["silent gw-1", "back gw-1", "silent gw-1"])
    }

    @Test("a planned stop and a restart are no silence, however long the stop")
    func planned() {
        var script = Script()
        script.pass(10, present: ["gw-1"])
        script.request("gw-1", isLeaving: true)
        script.pass(7200)
        #expect(script.said == ["seen gw-1", "left gw-1"])
        script.pass(200, present: ["gw-1"])
        // A crash and a start within the limit.
        script.pass(290)
        script.pass(10, present: ["gw-1"])
        #expect(script.said == ["seen gw-1", "left gw-1", "seen gw-1"])
        script.pass(86_400 * 2, present: ["gw-1"])
        #expect(script.said.suffix(2) == ["seen gw-1", "seen gw-1"])
    }

    @Test("zero reports none; a notifier that was stopped itself excuses everybody")
    func excused() {
        var script = Script()
        script.pass(10, present: ["gw-1"])
        script.pass(7200, limit: .zero)
        #expect(script.said == ["seen gw-1"])
        script = Script()
        script.pass(10, present: ["gw-1"])
        script.elapsed += .seconds(3600)
        script.table.excuse(.seconds(3600))
        script.pass(60, present: ["gw-1"])
        #expect(script.said == ["seen gw-1"])
    }

    @Test("the table is bounded; who left makes room; who is long gone is forgotten")
    func bounds() {
        var script = Script()
        script.request("gone", isLeaving: true)
        script.pass(1)
        for number in 0..<(GatewayTable.most + 10) { script.request("gw-\(number)") }
        #expect(script.table.gateways.count == GatewayTable.most)
        #expect(!script.table.gateways.contains { $0.name == "gone" })
        script.pass(301)
        #expect(script.table.gateways.allSatisfy { $0.state == .silent })
        script.elapsed += GatewayTable.memory
        script.pass(1)
        #expect(script.table.gateways.isEmpty)
    }

    @Test("a restart finds them in the log: nothing is reported twice, and the return once")
    func restart() async throws {
        let folder = try TemporaryDirectory()
        let log = try await EventLog.open(
            ServedNotifier.configuration(folder), telemetry: .silent)
        let clock = ManualClock()
        func run(_ body: (GatewayBook) async throws -> Void) async throws {
            let book = GatewayBook(
                eventLog: log, wall: clock.wall, clock: clock, telemetry: .silent
            ) { .seconds(30) }
            let task = Task { await book.run() }
            try await body(book)
            task.cancel()
            await task.value
        }
        func events() async throws -> [String] {
            var reader = log.reader(from: .start)
            return try await reader.next().lines.map { line in
                let event = try Event(line: line.bytes)
                return "\(event.event) \(event.node ?? "") \(event.level)"
            }
        }
        func pass(_ seconds: Int) async {
            for _ in 0..<seconds {
                await clock.sleepers()
                clock.advance(by: .seconds(1))
            }
            // It has looked once it sleeps again.
            await clock.sleepers()
        }
        let presence = GatewayPresence(node: "gw-b1", az: "b")
        try await run { book in
            book.note(presence)
            await pass(2)
            let first = try await events()
            #expect(first == ["gateway.seen gw-b1 info"])
            await pass(40)
            #expect(book.gateways.map(\.state) == [.silent])
        }
        let before = ["gateway.seen gw-b1 info", "gateway.silent gw-b1 error"]
        #expect(try await events() == before)
        try await run { book in
            await pass(120)
            #expect(book.gateways.map(\.state) == [.silent])
            let same = try await events()
            #expect(same == before)
            book.note(presence)
            await pass(3)
            #expect(book.gateways.map(\.state) == [.present])
        }
        #expect(try await events() == before + ["gateway.back gw-b1 info"])
        await log.close()
    }

    @Test("headers name a gateway; anything else names none")
    func headers() throws {
        let presence = GatewayPresence(node: "gw-1", az: "eu-west-1a", isLeaving: true)
        let headers = Dictionary(uniqueKeysWithValues: presence.headers)
        #expect(GatewayPresence { headers[$0] } == presence)
        for name in ["", "a b", "a\"b", "<x>", String(repeating: "x", count: 65)] {
            #expect(GatewayPresence { $0 == "Bellwether-Node" ? name : nil } == nil)
        }
        #expect(GatewayPresence { _ in nil } == nil)
    }
}
