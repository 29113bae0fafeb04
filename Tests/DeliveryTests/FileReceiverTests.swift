import Foundation
import Rendering
import TestSupport
import Testing

@testable import Delivery

@Suite("Digests as files")
struct FileReceiverTests {
    let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private func names(_ directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
    }

    @Test("three complete files for each digest, unchanged by a retry")
    func files() async throws {
        let directory = folder.file("outgoing")
        let receiver = FileReceiver(name: "kept", directory: directory)
        for _ in 0..<2 {
            let attempt = await receiver.send(Sample.digest(), to: [""])
            #expect(attempt.results.map(\.outcome) == [.sent])
            #expect(attempt.results[0].words == directory + "/g7f3a.4.txt")
        }
        #expect(try names(directory) == ["g7f3a.4.eml", "g7f3a.4.json", "g7f3a.4.txt"])
        let text = try String(contentsOfFile: directory + "/g7f3a.4.txt", encoding: .utf8)
        #expect(text == Sample.digest().text)
        let json = try String(contentsOfFile: directory + "/g7f3a.4.json", encoding: .utf8)
        #expect(json == Sample.digest().model + "\n")
        let attributes = try FileManager.default.attributesOfItem(atPath: directory)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o700)
    }

    @Test(
        "an id cannot leave the folder",
        arguments: ["../evil", "/etc/evil", "a/b", ".hidden", "", "nul\0", "-rf", "ü", "a\nb"])
    func traversal(id: String) async throws {
        let directory = folder.file("outgoing")
        let attempt = await FileReceiver(name: "kept", directory: directory)
            .send(Sample.digest(id), to: [""])
        #expect(attempt.results.map(\.outcome) == [.sent])
        #expect(try names(directory).allSatisfy { $0.hasPrefix("sha256-") })
        #expect(try names(folder.path) == ["outgoing"])
    }

    @Test("a folder that cannot be written keeps the digest waiting, and is reported")
    func unwritable() async throws {
        let blocked = folder.file("blocked")
        try Data().write(to: URL(fileURLWithPath: blocked))
        let attempt = await FileReceiver(name: "kept", directory: blocked + "/outgoing")
            .send(Sample.digest(), to: [""])
        #expect(attempt.results[0].outcome == .retry(after: nil))
        #expect(attempt.results[0].words.contains(blocked))
    }
}
