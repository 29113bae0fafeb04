import Foundation
import Settings
import Testing

@Suite("The files in Config")
struct ShippedFilesTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Config")

    static func text(_ name: String) throws -> String {
        try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
    }

    @Test("bellwether.yaml equals the embedded defaults, so its comments are correct")
    func defaults() throws {
        let reading = try Settings.read(text: Self.text("bellwether.yaml"))
        #expect(reading.settings == Settings.embedded)
        #expect(reading.warnings == [])
    }

    @Test("bellwether.yaml contains every key of the effective configuration")
    func complete() throws {
        func keys(_ text: String) -> Set<Substring> {
            Set(text.matches(of: #/([a-z0-9_]+):(?=[ \n])/#).map { $0.output.1 })
        }
        #expect(
            keys(Settings.embedded.describe()).subtracting(keys(try Self.text("bellwether.yaml")))
                == [])
    }

    @Test(
        "each is valid in a fresh clone",
        arguments: ["bellwether.yaml", "gateway.yaml", "notifier.yaml"])
    func valid(name: String) throws {
        let path = Self.folder.appendingPathComponent(name).path
        let settings = try Settings.load(path: path, environment: [:])
        #expect(settings.has(.gateway) == (name != "notifier.yaml"))
        #expect(settings.has(.notifier) == (name != "gateway.yaml"))
    }

    /// Once uncommented, the only faults are the missing files that they name.
    @Test(
        "their commented examples are valid too",
        arguments: ["bellwether.yaml", "gateway.yaml", "notifier.yaml"])
    func examples(name: String) throws {
        var text = try Self.text(name)
        let examples = text.matches(of: #/(?m)^ *#[-:] /#).count
        #expect(examples >= 5)
        for key in ["token_files", "routes", "silences", "policies", "links", "owners"] {
            text = text.replacing("\(key): []\n", with: "\(key):\n")
        }
        text = text.replacing(#/(?m)^( *)#- /#) { "\($0.output.1)- " }
            .replacing(#/(?m)^( *)#: /#) { "\($0.output.1)" }
            .replacing("  ca_file: \"\"\n  batch_lines", with: "  batch_lines")
        do {
            _ = try Settings.parse(text: text)
            Issue.record("the examples name files that do not exist, and nobody noticed")
        } catch {
            let others = error.faults.filter { !$0.fault.hasSuffix("No such file or directory") }
            #expect(others.map(\.description) == [])
        }
    }
}
