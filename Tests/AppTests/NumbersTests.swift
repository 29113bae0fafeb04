import Foundation
import Testing

/// Operators that trap are not applied to numbers from outside.
///
/// Code uses `+|`, `-|` and `*|` (`Saturating.swift`), conversions that handle numbers out of range
/// (`exactly:`, `clamping:`, `saturating:`), and subscripts with a checked index. All other
/// arithmetic is in `NumberExceptions`, each with its reason. A new folder is covered by itself.
@Suite("Numbers from outside cannot trap")
struct NumbersTests {
    /// Folders whose arithmetic no number from outside reaches, with the reason. Not the
    /// folders below them: those have reasons of their own.
    private static let uncovered: [String: String] = [
        "App/Demo": "makes up the numbers of the demonstration itself",
        "App/OpenAPI": "writes a document of constants",
        "Arguments": "fills arguments into texts; reads no number",
        "Core/Concurrency": "counts threads and calls of this process",
        "Core/Text": "goes through the characters of texts in memory; reads no number",
        "Rendering/Templates": "goes through the characters of templates in memory",
        "Secrets": "replaces parts of texts; reads no number",
        "Settings/Recipes": "constants",
        "Settings/Sections": "names ranges, which Settings/Reading checks",
        "Settings/Sections/Probes": "names ranges, which Settings/Reading checks",
        "Settings/Writing": "indents texts",
        "bellwether/Commands/Machines": "prints texts",
        "bellwether/Output": "pads the cells of tables",
        "bellwether/Target": "finds files; reads no number",
    ]

    private struct Source: Sendable {
        let file: String
        let lines: [String]
        let findings: [NumberFindings.Finding]

        var folder: String { String(file[..<(file.lastIndex(of: "/") ?? file.startIndex)]) }
    }

    /// All files with their findings. Made once: there are 90,000 lines.
    private static let sources: Result<[Source], any Error> = Result {
        let modules = try FileManager.default.contentsOfDirectory(
            atPath: LayoutTests.top.appendingPathComponent("Sources").path)
        return try modules.sorted().flatMap { try LayoutTests.sources(of: $0) }.map { file, text in
            Source(
                file: file,
                lines: text.split(separator: "\n", omittingEmptySubsequences: false).map {
                    $0.trimmingCharacters(in: .whitespaces)
                },
                findings: NumberFindings(in: text).all.sorted { $0.line < $1.line })
        }
    }

    private static func covered() throws -> [Source] {
        try sources.get().filter { uncovered[$0.folder] == nil }
    }

    @Test("no bare arithmetic, conversion or subscript on a number from outside")
    func bare() throws {
        let exceptions = try NumberExceptions.all()
        let covered = try Self.covered()
        try #require(covered.count > 400)
        for source in covered {
            let known = exceptions.filter {
                $0.path == source.file || $0.path.hasSuffix("/") && source.file.hasPrefix($0.path)
            }
            for finding in source.findings {
                let line = source.lines[finding.line - 1]
                #expect(
                    known.contains { $0.excepts(finding, line: line) },
                    "\(source.file):\(finding.line): \(line): use +|, -|, *| or a conversion that names what happens beyond the range, or add it to the exceptions with its reason"
                )
            }
        }
    }

    @Test("every exception is still needed")
    func needed() throws {
        let covered = try Self.covered()
        for exception in try NumberExceptions.all() {
            let own = covered.filter {
                $0.file == exception.path
                    || exception.path.hasSuffix("/") && $0.file.hasPrefix(exception.path)
            }
            let found = own.flatMap { source in
                source.findings.map { (kind: $0.kind, line: source.lines[$0.line - 1]) }
            }
            for part in exception.parts {
                #expect(
                    found.contains { $0.line.contains(part) },
                    "\(exception.path) has nothing like: \(part)")
            }
            for kind in exception.kinds {
                #expect(
                    found.contains { $0.kind == kind }, "\(exception.path) has no \(kind.rawValue)")
            }
        }
    }

    @Test("every folder that is not covered exists, and its reason is said")
    func folders() throws {
        let folders = try Set(Self.sources.get().map(\.folder))
        for (folder, reason) in Self.uncovered {
            #expect(folders.contains(folder), "\(folder) does not exist")
            #expect(!reason.isEmpty)
        }
    }

    @Test("the scanner finds violations, and ignores strings and comments")
    func scanner() {
        let bad = [
            "shed += count", "let n = $0.limit + 1", "max(0, $0 - lane.failures)", "a\n    + b",
            "Int(value)", "UInt64(line.count)", "x * y", "n -= 1", "lanes[attempt]", "row[i + 1]",
            #""\#("\\")(tally.count + 1) times""#, "Int(share * 3)", "let n = Int(value)",
            "values[i] + n", "x + now.milliseconds", "n * 1000", "a - 1", "map { Int($0) }",
            "off_t(start)", "numericCast(n)", "\"\"\"\n    a \\\n    b\n    \"\"\"\nx + y",
        ]
        for text in bad { #expect(!NumberFindings(in: text).all.isEmpty, "\(text)") }
        let good = [
            "shed +|= count", "a +| b", "a &+ b", "Int(clamping: value)", "Int(exactly: value)",
            "Int(saturating: value)", "// a + b", "/* a + b */", #""a + b""#, #""" + name"#,
            "-1", "[-1, +2]", "lanes[place]", #"tree["a - b"]"#, "func f() -> Int { -x }",
            #"text += "more""#, "UInt8(ascii: x)", ##"#"a " + b"#"##, "let x: [Int]",
            "64 * 1024", "bytes += [0]", "x * 0.5", "total + Double(n)", "now - wall", "a + .now",
            "now + .seconds(1)", "if let n = Int(text), n > 0 {}", "parts.compactMap { Int($0) }",
            "Int(text) ?? 0", "= [a] + b",
        ]
        for text in good { #expect(NumberFindings(in: text).all.isEmpty, "\(text)") }
        let lines = NumberFindings(in: "a\n+ b\n\"\"\"\nx \\\ny\n\"\"\"\nInt(\n    n)\n").all
        #expect(Set(lines.map(\.line)) == [2, 7])
    }
}
