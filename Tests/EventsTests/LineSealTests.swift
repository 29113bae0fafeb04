import JSON
import Testing

@testable import Events

@Suite("Lines that a node recognizes as its own")
struct LineSealTests {
    let seal = LineSeal(key: Array(0..<32))
    let line = Array(
        #"{"ts":"2026-11-23T06:00:00Z","event":"analysis.healthy","node":"gw-a1"}"#.utf8)

    @Test("a sealed line is an event with one additional member, and is recognized")
    func known() throws {
        let sealed = seal.seal(line)
        #expect(seal.verifies(sealed))
        let event = try Event(line: sealed)
        #expect(event.event == "analysis.healthy")
        #expect(event.extra("mac")?.string?.utf8.count == 32)
        #expect(LineSeal(key: Array(0..<32)).verifies(sealed))
    }

    @Test("with one byte changed, removed or added, or with another key, it is not")
    func changed() {
        let sealed = seal.seal(line)
        #expect(!LineSeal(key: Array(1..<33)).verifies(sealed))
        #expect(!seal.verifies(line))
        #expect(!seal.verifies([]))
        for index in sealed.indices {
            var other = sealed
            other[index] ^= 1
            #expect(!seal.verifies(other))
            other.remove(at: index)
            #expect(!seal.verifies(other))
        }
        #expect(!seal.verifies(sealed + [0x20]))
        #expect(!seal.verifies(seal.seal(line).dropLast() + Array(#","a":1}"#.utf8)))
    }
}
