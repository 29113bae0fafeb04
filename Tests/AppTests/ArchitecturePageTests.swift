import Foundation
import Testing

/// `ARCHITECTURE.md` is what a newcomer reads first: its length, its figure, the path of one verdict
/// and the table of modules. `LayoutTests` checks that the paths on it exist.
@Suite("ARCHITECTURE.md")
struct ArchitecturePageTests {
    private static func lines() throws -> [String] {
        let path = LayoutTests.top.appendingPathComponent("ARCHITECTURE.md")
        return try String(contentsOf: path, encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// The cells of the rows of the table with this header.
    private static func rows(after header: String) throws -> [[String]] {
        let lines = try Self.lines()
        let place = try #require(lines.firstIndex(of: header), "no table \(header)")
        return lines[place...].dropFirst(2).prefix { $0.hasPrefix("|") }.map { row in
            row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    /// What a cell has as code.
    private static func words(_ cell: String) -> [String] {
        cell.matches(of: #/`([^`]+)`/#).map { String($0.output.1) }
    }

    @Test("fits on three screens of 50 lines, and begins with the figure")
    func length() throws {
        let lines = try Self.lines()
        #expect(lines.first == "# Architecture")
        #expect(lines.count <= 150)
        let first = try #require(lines.dropFirst().first { !$0.isEmpty })
        #expect(first.hasPrefix("    ") && first.contains("→"), "\(first)")
    }

    @Test("follows one verdict through at most 16 files, from the socket to Slack")
    func walk() throws {
        let rows = try Self.rows(after: "| | file | what happens there |")
        #expect((1...16).contains(rows.count))
        #expect(rows.map { $0[0] } == (1...rows.count).map(String.init))
        var seen: Set<String> = []
        for row in rows {
            try #require(row.count == 3, "\(row)")
            let file = try #require(Self.words(row[1]).first, "\(row)")
            var isFolder = ObjCBool(false)
            let path = LayoutTests.top.appendingPathComponent(file).path
            #expect(FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), "\(file)")
            #expect(!isFolder.boolValue && file.hasSuffix(".swift"), "\(file)")
            #expect(seen.insert(file).inserted, "\(file) is on two rows")
        }
        #expect(rows.first?[1].contains("Sources/Server/Connection/") == true)
        #expect(rows.last?[1].contains("SlackReceiver.swift") == true)
    }

    @Test("has the modules of LayoutTests with the same imports")
    func modules() throws {
        var shown: [String: Set<String>] = [:]
        var swift: Set<String> = []
        for row in try Self.rows(after: "| module | holds | imports |") {
            try #require(row.count == 3, "\(row)")
            // Products of other packages stand behind a semicolon.
            let cell = row[2].split(separator: ";").first.map(String.init) ?? ""
            var imports: Set<String> = []
            if let rule = cell.wholeMatch(
                of: #/(\w+) and all Swift modules above but (\w+) and (\w+)/#)
            {
                imports = swift.subtracting([String(rule.output.2), String(rule.output.3)])
                imports.insert(String(rule.output.1))
            } else if cell != "–" {
                imports = Set(cell.matches(of: #/\w+/#).map { String($0.output) })
            }
            for name in Self.words(row[0]) {
                shown[name] = imports
                if try !LayoutTests.sources(of: name).isEmpty { swift.insert(name) }
            }
        }
        #expect(Set(shown.keys) == LayoutTests.names)
        for module in LayoutTests.modules {
            #expect(shown[module.name] == module.imports, "\(module.name)")
        }
    }
}
