import Events
import Testing

@testable import Replication

@Suite("Objects of the shared log")
struct LogObjectTests {
    private let object = LogObject(
        number: 42, kind: .data, cluster: "c1", term: 3, writer: "w", node: "gw \"1\"",
        from: LogPosition(segment: 4, offset: 0), to: LogPosition(segment: 4, offset: 8),
        lines: Array("{\"a\":1}\n".utf8))

    @Test("an object's text is its head and its lines, and reads as the same object")
    func text() throws {
        let text = String(decoding: object.text, as: UTF8.self)
        #expect(text.split(separator: "\n").count == 2)
        #expect(text.hasPrefix(#"{"log":"data","format":1,"number":42,"cluster":"c1","term":3,"#))
        #expect(text.hasSuffix("\n{\"a\":1}\n"))
        #expect(try LogObject(text: object.text) == object)
        for kind in LogObject.Kind.allCases where kind != .data {
            var empty = object
            empty.kind = kind
            empty.lines = []
            #expect(try LogObject(text: empty.text) == empty)
        }
    }

    @Test("an object names its writer's configuration and executable; one of before does not")
    func version() throws {
        var object = object
        object.version = NodeVersion(policy: "sha256:p", binary: "sha256:b")
        let text = String(decoding: object.text, as: UTF8.self)
        #expect(text.contains(#""policy":"sha256:p","binary":"sha256:b""#))
        #expect(try LogObject(text: object.text) == object)
        let before = self.object
        #expect(!String(decoding: before.text, as: UTF8.self).contains("policy"))
        #expect(try LogObject(text: before.text).version == NodeVersion())
    }

    @Test("a changed byte, another format and a text that is no object are refused")
    func refusals() throws {
        #expect(throws: LogObjectFault.damaged) {
            try LogObject(text: replacing(":1}", by: ":2}"))
        }
        #expect(throws: LogObjectFault.damaged) {
            try LogObject(text: Array(object.text.dropLast()))
        }
        #expect(throws: LogObjectFault.newer(2)) {
            try LogObject(text: replacing("\"format\":1", by: "\"format\":2"))
        }
        let broken = [
            "", "\n", "{}\n", "[]\n", "x", String(repeating: " ", count: 5000) + "{}\n",
            String(decoding: replacing("\"number\":42", by: "\"number\":-1"), as: UTF8.self),
            String(decoding: replacing("\"number\":42", by: "\"number\":1e300"), as: UTF8.self),
            String(decoding: replacing("\"to\":\"4:8\"", by: "\"to\":\"3:8\""), as: UTF8.self),
            String(decoding: replacing("\"log\":\"data\"", by: "\"log\":\"beat\""), as: UTF8.self),
        ]
        for text in broken {
            #expect(throws: LogObjectFault.self, "\(text)") {
                try LogObject(text: Array(text.utf8))
            }
        }
    }

    @Test(
        "positions that no log has are refused",
        arguments: ["18446744073709551615:0", "9007199254740992:0", "4:18446744073709551615"])
    func positions(end: String) {
        #expect(throws: LogObjectFault.unreadable("its lines have positions that no log has")) {
            try LogObject(text: replacing("\"to\":\"4:8\"", by: "\"to\":\"\(end)\""))
        }
    }

    private func replacing(_ part: String, by other: String) -> [UInt8] {
        Array(String(decoding: object.text, as: UTF8.self).replacing(part, with: other).utf8)
    }

    @Test("names sort as numbers do; other names have no number")
    func names() {
        let numbers: [UInt64] = [1, 2, 10, 99, 1_000_000, 1 << 53]
        let names = numbers.map { LogObject.name($0) }
        #expect(names == names.sorted())
        #expect(names[2] == "log/00000000000000000010")
        #expect(names.map(LogObject.number) == numbers)
        for name in [
            "log/", "log/1", "log/00000000000000000000", "seg/00000000000000000001",
            "log/18446744073709551615",
        ] {
            #expect(LogObject.number(of: name) == nil)
        }
    }
}
