import Events
import Foundation
import Logging
import Synchronization
import Telemetry
import Testing

@Suite("The log")
struct LogTests {
    /// Collects entries instead of writing them.
    final class Entries: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func add(_ line: String) { lines.withLock { $0.append(line) } }
    }

    struct Refused: TelemetryEvent {
        let peer: String
        var level: Logger.Level { .warning }
        var message: String { "credential refused" }
        var fields: [(String, String)] { [("peer", peer), ("attempt", "3")] }
        func record(in registry: PrometheusRegistry) {
            registry.count("refusals", help: "Refused.", labels: [("reason", "token")])
        }
    }

    let entries = Entries()
    let clock = WallClock { Timestamp(milliseconds: 1_795_413_600_123) }

    func logger(
        _ format: LineLogHandler.Format = .text, label: String = "bellwether",
        threshold: LogThreshold = LogThreshold(.info)
    ) -> Logger {
        let (entries, clock) = (entries, clock)
        return Logger(label: label) { label in
            LineLogHandler(
                label: label, format: format, threshold: threshold, clock: clock,
                write: { entries.add($0) })
        }
    }

    @Test("one line per entry: time, level, message, fields by name")
    func line() {
        var logger = logger()
        logger[metadataKey: "node"] = "gw-a1"
        logger.info(
            "verdict", metadata: ["status": "degraded", "rollout": "payments api", "n": "\(4)"])
        #expect(
            entries.all == [
                "2026-11-23T06:00:00.123Z info verdict n=4 node=gw-a1 rollout=\"payments api\" status=degraded\n"
            ])
    }

    @Test("no value, name or message can affect the terminal")
    func hostile() throws {
        let hostile = "a\nb\r\u{1B}[2J\u{7}\u{9B}31m\u{202E}\u{2028}\u{200B}\u{E0041}\u{7F}\"\\ é"
        for format in LineLogHandler.Format.allCases {
            logger(format).error("\(hostile)", metadata: ["k\n=\u{1B}": .string(hostile)])
        }
        for entry in entries.all {
            #expect(entry.hasSuffix("\n"))
            for scalar in entry.unicodeScalars.dropLast() {
                #expect(scalar.value >= 0x20 && scalar != "\u{7F}")
                #expect(scalar.properties.generalCategory != .format)
                #expect(scalar.properties.generalCategory != .control)
                #expect(scalar.properties.generalCategory != .lineSeparator)
            }
        }
        #expect(entries.all[0].contains(#"k___="a\nb\r\u001b[2J"#))
        #expect(entries.all[0].contains(#"\u202e\u2028\u200b\udb40\udc41\u007f\"\\ é""#))
        let json = try #require(
            JSONSerialization.jsonObject(with: Data(entries.all[1].utf8)) as? [String: Any])
        #expect(json["message"] as? String == hostile)
        #expect((json["fields"] as? [String: String])?["k___"] == hostile)
        #expect(json["level"] as? String == "error")
        #expect(json["ts"] as? String == "2026-11-23T06:00:00.123Z")
    }

    @Test("a very long value is cut, and marked as cut")
    func huge() {
        logger().info("x", metadata: ["v": .string(String(repeating: "a", count: 1_000_000))])
        #expect(entries.all[0].utf8.count < 2200)
        #expect(entries.all[0].contains("… (997952 more)"))
    }

    @Test(
        "fields named like secrets are hidden, names of tokens are not",
        arguments: [
            ("password", true), ("smtp_Password", true), ("Authorization", true),
            ("set-cookie", true), ("token", true), ("api_token", true), ("client_secret", true),
            ("token_id", false), ("tokens", false), ("keyboard", false),
        ])
    func secrets(name: String, hidden: Bool) {
        logger().info("x", metadata: [name: "hunter2"])
        #expect(entries.all[0].contains("hunter2") != hidden)
        #expect(entries.all[0].contains("\(name)=(hidden)") == hidden)
    }

    @Test("the shared threshold changes every logger; a logger's own level stays")
    func threshold() {
        let threshold = LogThreshold(.warning)
        var own = logger(threshold: threshold)
        let other = logger(threshold: threshold)
        own.info("1")
        threshold.level = .debug
        own.debug("2")
        other.debug("3")
        own.logLevel = .error
        own.info("4")
        #expect(entries.all.map { $0.split(separator: " ").last } == ["2\n", "3\n"])
    }

    @Test("a logger of another library is named")
    func label() {
        logger(label: "hummingbird").info("hello")
        #expect(entries.all[0].hasSuffix("info hello logger=hummingbird\n"))
    }

    @Test("a telemetry event is one line and one count; below the level only the count")
    func event() {
        let threshold = LogThreshold(.warning)
        let telemetry = Telemetry(
            logger: logger(threshold: threshold), registry: PrometheusRegistry())
        telemetry.emit(Refused(peer: "::1 x"))
        threshold.level = .error
        telemetry.emit(Refused(peer: "::1"))
        #expect(entries.all.count == 1)
        #expect(
            entries.all[0].hasSuffix("warning credential refused attempt=3 peer=\"::1 x\"\n"))
        #expect(telemetry.registry.value("refusals_total", labels: [("reason", "token")]) == 2)
        Telemetry.silent.emit(Refused(peer: "::1"))
    }
}
