import Foundation
import Testing

/// A threat without a test that shows what stops it is a claim.
@Suite("docs/threat-model.md")
struct ThreatModelTests {
    private static func rows() throws -> [[String]] {
        let path = LayoutTests.top.appendingPathComponent("docs/threat-model.md")
        let lines = try String(contentsOf: path, encoding: .utf8).split(separator: "\n")
        return lines.filter { $0.hasPrefix("| ") && !$0.hasPrefix("| ---") }
            .map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
            .filter { $0.first != "threat" }
    }

    /// The names of all types below `Tests/`.
    private static func types() throws -> Set<String> {
        let folder = LayoutTests.top.appendingPathComponent("Tests")
        var found: Set<String> = []
        for file in try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        where file.hasSuffix(".swift") {
            let text = try String(
                contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
            for match in text.matches(of: /(?:struct|class|enum|actor) (\w+Tests)\b/) {
                found.insert(String(match.output.1))
            }
        }
        return found
    }

    @Test("every row names a test, or says that nothing stops the threat")
    func rowsHaveTests() throws {
        let rows = try Self.rows()
        #expect(rows.count > 50)
        for row in rows {
            try #require(row.count == 3, "\(row)")
            if row[2] == "–" {
                #expect(row[1].contains("not prevented"), "\(row[0])")
            } else {
                #expect(row[2].contains("Tests`"), "\(row[0])")
            }
        }
    }

    @Test("every test that it names exists")
    func testsExist() throws {
        let types = try Self.types()
        let named = try Self.rows().flatMap { row in
            (row.last ?? "").matches(of: /`(\w+)`/).map { String($0.output.1) }
        }
        #expect(named.count > 80)
        #expect(Set(named).subtracting(types) == [])
    }
}
