import Foundation
import Testing

/// Checks the layout in ARCHITECTURE.md: which module imports which, and where files are.
///
/// The compiler refuses an import that Package.swift does not declare; these tests refuse a
/// declaration that is not in the table. The table is the same as in ARCHITECTURE.md: a new
/// dependency changes both.
@Suite("The layout of the sources")
struct LayoutTests {
    /// In order: each module may import only earlier ones.
    static let modules: [(name: String, imports: Set<String>)] = [
        ("CCrypto", []),
        ("CCurl", []),
        ("CProcess", []),
        ("CSpawn", []),
        ("CBuild", []),
        ("CDeflate", []),
        ("CExpat", []),
        ("CZlib", []),
        ("Core", ["CCrypto"]),
        ("JSON", []),
        ("Events", ["Core", "JSON"]),
        ("Secrets", ["Core"]),
        ("Arguments", ["Core"]),
        ("Settings", ["Core", "Secrets", "Arguments", "Events", "JSON"]),
        ("Telemetry", ["Core", "Events"]),
        ("Analysis", ["Core", "Events", "JSON"]),
        ("Digests", ["Events", "JSON"]),
        ("Replication", ["Events", "JSON"]),
        ("State", ["Core", "Events"]),
        ("EventLog", ["CDeflate", "CZlib", "Core", "JSON", "Events", "Telemetry"]),
        ("Transfer", ["Core", "CCurl", "CSpawn", "Telemetry"]),
        ("Bucket", ["CExpat", "Core", "Secrets", "JSON", "Events", "Transfer"]),
        (
            "Archives", ["Core", "JSON", "Events", "Telemetry", "EventLog", "Transfer", "Bucket"]
        ),
        (
            "Shipping",
            [
                "Core", "JSON", "Events", "Telemetry", "Replication", "EventLog", "Transfer",
                "Bucket", "Archives",
            ]
        ),
        ("Probes", ["CZlib", "Core", "Secrets", "Arguments", "JSON", "Events", "Transfer"]),
        ("Rehearsal", ["Core", "Secrets", "JSON", "Events", "Telemetry", "Transfer", "Probes"]),
        ("Rendering", ["Core", "Events", "JSON", "Digests"]),
        (
            "Delivery",
            [
                "Core", "Secrets", "Events", "JSON", "State", "Rendering", "Transfer", "Telemetry",
            ]
        ),
        ("Server", ["CCrypto", "CZlib", "Core", "Events", "JSON", "State", "Telemetry"]),
        (
            "Gateway",
            [
                "Core", "Secrets", "Arguments", "Events", "JSON", "Analysis", "Probes", "Transfer",
                "EventLog", "State",
                "Server", "Telemetry",
            ]
        ),
        (
            "Notifier",
            [
                "Core", "Events", "JSON", "EventLog", "State", "Digests", "Rendering", "Delivery",
                "Server", "Telemetry",
            ]
        ),
        (
            "Console",
            [
                "Core", "Events", "JSON", "EventLog", "State", "Digests", "Rendering", "Delivery",
                "Server", "Notifier",
            ]
        ),
        (
            "App",
            [
                "CProcess", "Core",
                "Secrets", "Arguments", "Events", "JSON", "Settings", "Telemetry",
                "State", "EventLog",
                "Analysis",
                "Probes", "Transfer", "Bucket", "Archives", "Shipping", "Digests", "Rendering",
                "Delivery",
                "Server",
                "Gateway",
                "Notifier", "Console",
            ]
        ),
        // The command line: App, and the modules whose files a command reads.
        (
            "bellwether",
            [
                "CBuild", "App", "Core", "Secrets", "Events", "JSON", "Settings", "Telemetry",
                "State",
                "EventLog",
                "Analysis", "Digests", "Rehearsal", "Rendering", "Delivery", "Server", "Notifier",
            ]
        ),
    ]

    /// The system modules that pure modules may import: arithmetic only.
    static let pure: Set<String> = ["Analysis", "Digests", "Replication"]
    static let arithmetic: Set<String> = ["Glibc", "Musl", "Darwin"]

    static let top = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static var names: Set<String> { Set(modules.map(\.name)) }

    @Test("the table names earlier modules only")
    func upwards() {
        var above: Set<String> = []
        for module in Self.modules {
            #expect(module.imports.subtracting(above) == [], "\(module.name) names a later module")
            above.insert(module.name)
        }
    }

    @Test("every module has a row, and every row a module")
    func complete() throws {
        let sources = Self.top.appendingPathComponent("Sources").path
        let folders = try FileManager.default.contentsOfDirectory(atPath: sources).filter { name in
            var isFolder = ObjCBool(false)
            _ = FileManager.default.fileExists(atPath: "\(sources)/\(name)", isDirectory: &isFolder)
            return isFolder.boolValue
        }
        #expect(Set(folders) == Self.names)
    }

    @Test("no file imports a module that its own may not", arguments: modules.map(\.name))
    func imports(module: String) throws {
        let allowed = try #require(Self.modules.first { $0.name == module }).imports
        let sources = try Self.sources(of: module)
        #expect(sources.isEmpty == Self.libraries.contains(module))
        for (file, text) in sources {
            for imported in Self.imports(in: text) {
                if Self.names.contains(imported) {
                    #expect(allowed.contains(imported), "\(file) imports \(imported)")
                } else if Self.pure.contains(module) {
                    #expect(
                        Self.arithmetic.contains(imported),
                        "\(file) of a pure module imports \(imported)"
                    )
                }
            }
        }
    }

    @Test("only State imports GRDB, and so holds all SQL")
    func sql() throws {
        var homes: Set<String> = []
        for module in Self.modules {
            for (_, text) in try Self.sources(of: module.name)
            where Self.imports(in: text).contains("GRDB") {
                homes.insert(module.name)
            }
        }
        #expect(homes == ["State"])
    }

    /// Modules of C: they contain no Swift.
    private static let libraries: Set<String> = [
        "CBuild", "CCrypto", "CCurl", "CDeflate", "CExpat", "CProcess", "CSpawn", "CZlib",
    ]

    private static let testExecutables: Set<String> = [
        "EventLogDriver", "PoisonDriver", "ReplicationSimulator",
    ]

    @Test("the manifest declares no dependency beyond the table")
    func manifest() throws {
        let text = try String(
            contentsOf: Self.top.appendingPathComponent("Package.swift"), encoding: .utf8)
        var seen: Set<String> = []
        for match in text.matches(
            of: #/\b(?:module|executableTarget)\(\s*(?:name: )?"(\w+)"([^\]\)]*)/#)
        {
            let module = String(match.output.1)
            // Executables that only tests run are below Tests.
            if Self.testExecutables.contains(module) { continue }
            guard let allowed = Self.modules.first(where: { $0.name == module })?.imports else {
                Issue.record("Package.swift has a module \(module) that the table does not know")
                continue
            }
            seen.insert(module)
            let declared = match.output.2.matches(of: #/"(\w+)"/#).map { String($0.output.1) }
            #expect(Set(declared).intersection(Self.names).subtracting(allowed) == [], "\(module)")
        }
        #expect(seen == Self.names.subtracting(Self.libraries))
    }

    @Test("every form of import is recognized")
    func forms() {
        let text = """
            import A
            public import B
            @_exported import C
            @testable internal import struct D.E
              import F.G  // why
            #if canImport(H)
                @preconcurrency import H
            #endif
            // import I
            let important = "import J"
            """
        #expect(Self.imports(in: text) == ["A", "B", "C", "D", "F", "H"])
    }

    /// The modules that a file's text imports, in order.
    static func imports(in text: String) -> [String] {
        text.matches(
            of:
                #/(?m)^\s*(?:@\w+\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|typealias|func|var|let)\s+)?(\w+)/#
        ).map { String($0.output.1) }
    }

    static func sources(of module: String) throws -> [(file: String, text: String)] {
        let folder = top.appendingPathComponent("Sources").appendingPathComponent(module)
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
            .filter { $0.hasSuffix(".swift") }
        return try files.map { file in
            let url = folder.appendingPathComponent(file)
            return ("\(module)/\(file)", try String(contentsOf: url, encoding: .utf8))
        }
    }

    // MARK: - Files

    @Test("no folder of the sources holds more than 20 files")
    func folders() throws {
        var counts: [String: Int] = [:]
        for file in try Self.swiftFiles(below: "Sources") {
            counts[(file as NSString).deletingLastPathComponent, default: 0] += 1
        }
        #expect(!counts.isEmpty)
        for (folder, count) in counts.sorted(by: { $0.key < $1.key }) {
            #expect(count <= 20, "\(folder) holds \(count) files: group them by what they do")
        }
    }

    /// Files under 30 lines that are the only home of a whole concept, by name.
    private static let small: [String: String] = [
        "Addressee.swift": "what identifies a delivery in every module",
        "ConsoleView+Deliveries.swift": "the part of the view that reads the database",
        "CopyOnWriteBox.swift": "a general container",
        "DeadLetter.swift": "what people see of a dead delivery",
        "DeliveryState.swift": "the states of a delivery, which the database stores",
        "DetachedReads.swift": "a workaround, with the link to what it works around",
        "EventWord.swift": "constants of the two scans of a line",
        "LastReport.swift": "what a group said last, stored with its state",
        "MetricDelta.swift": "a term of the domain",
        "OutboxDocument.swift": "a document of the API",
        "RateRatioTest.swift": "a statistical test; each has its own file",
        "Scope.swift": "the scopes of tokens, which the fuzz package builds without the server",
        "ShippedFile.swift": "the format of a file on disk",
        "TextMarks.swift": "a bit trick of the scanners, with its proof",
        "Transaction.swift": "what every repository of the state file takes",
        "UnloggedTable.swift": "the SQL of one table",
    ]

    @Test("a file under 30 lines is the only home of a whole concept")
    func smallFiles() throws {
        var found: Set<String> = []
        for file in try Self.swiftFiles(below: "Sources") {
            let text = try String(
                contentsOf: Self.top.appendingPathComponent(file), encoding: .utf8)
            guard text.split(separator: "\n", omittingEmptySubsequences: false).count - 1 < 30
            else { continue }
            let name = (file as NSString).lastPathComponent
            found.insert(name)
            #expect(Self.small[name] != nil, "\(file): join it with the file of its owner")
        }
        #expect(Set(Self.small.keys).subtracting(found) == [], "files that are not small any more")
    }

    @Test("no two types of the package have the same bare name")
    func typeNames() throws {
        var homes: [String: [String]] = [:]
        for file in try Self.swiftFiles(below: "Sources") {
            let text = try String(
                contentsOf: Self.top.appendingPathComponent(file), encoding: .utf8)
            for match in text.matches(
                of:
                    #/(?m)^(?:public |package |internal |fileprivate |private )?(?:final |indirect )*(?:struct|class|enum|actor|protocol) (\w+)/#
            ) {
                homes[String(match.output.1), default: []].append(file)
            }
        }
        #expect(homes.count > 500)
        for (name, files) in homes.sorted(by: { $0.key < $1.key }) {
            #expect(files.count == 1, "\(name) is declared in \(files.joined(separator: " and "))")
        }
    }

    @Test("every path of the repository that a page names exists")
    func paths() throws {
        let manager = FileManager.default
        let pages = try Self.pages()
        let roots = "Sources|Tests|Scripts|Benchmarks|Config|Fuzzing|docs|templates"
        let form = try Regex("(?:\\b|`)((?:\(roots))/[A-Za-z0-9_+./-]*[A-Za-z0-9_+/])")
        var seen = 0
        for page in pages {
            let text = try String(
                contentsOf: Self.top.appendingPathComponent(page), encoding: .utf8)
            for match in text.matches(of: form) {
                let path = String(match.output[1].substring ?? "")
                // A name with a placeholder, such as `Tests/FuzzTests/Corpus/<target>`, ends before
                // it.
                seen += 1
                #expect(
                    manager.fileExists(atPath: Self.top.appendingPathComponent(path).path),
                    "\(page) names \(path)")
            }
        }
        #expect(seen > 20)
    }

    @Test("every link of a page leads to a file, and to a heading that the file has")
    func links() throws {
        var seen = 0
        for page in try Self.pages() {
            let text = try Self.prose(of: page)
            let folder = (page as NSString).deletingLastPathComponent
            let targets =
                text.matches(of: #/\]\(([^)\s]+)\)/#).map(\.output.1)
                + text.matches(of: #/(?:src|href)="([^"]+)"/#).map(\.output.1)
            for target in targets where !target.contains(#/^[a-z]+:/#) {
                seen += 1
                let parts = target.split(
                    separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
                let file =
                    parts[0].isEmpty
                    ? page : ((folder as NSString).appendingPathComponent(String(parts[0])))
                let path = Self.top.appendingPathComponent(file).standardized.path
                #expect(
                    FileManager.default.fileExists(atPath: path), "\(page) links to \(target)")
                guard parts.count > 1, file.hasSuffix(".md") else { continue }
                let relative = String(path.dropFirst(Self.top.standardized.path.count + 1))
                #expect(
                    try Self.anchors(of: relative).contains(String(parts[1])),
                    "\(page) links to \(target), which is no heading there")
            }
        }
        #expect(seen > 50)
    }

    @Test("anchors are made as GitHub makes them")
    func anchorForm() {
        let text = """
            # A title
            ## `analysis.checks[]`
            ## When 5xx, and why?
            ## A title
            ### [A link](x.md) and *more*
            """
        #expect(
            Self.anchors(in: text) == [
                "a-title", "analysischecks", "when-5xx-and-why", "a-title-1", "a-link-and-more",
            ])
    }

    private static func anchors(of page: String) throws -> [String] {
        anchors(in: try prose(of: page))
    }

    private static func anchors(in text: String) -> [String] {
        var counts: [String: Int] = [:]
        return text.split(separator: "\n").filter { $0.contains(#/^\#{1,6}\s/#) }.map { line in
            let words = line.drop { $0 == "#" }.dropFirst()
                .replacing(#/\[([^\]]+)\]\([^)]*\)/#) { $0.output.1 }
            var anchor = ""
            for scalar in words.lowercased().unicodeScalars {
                switch scalar {
                case " ": anchor += "-"
                case "-", "_": anchor.unicodeScalars.append(scalar)
                default:
                    if scalar.properties.isAlphabetic || scalar.properties.numericType != nil {
                        anchor.unicodeScalars.append(scalar)
                    }
                }
            }
            let count = counts[anchor, default: 0]
            counts[anchor] = count + 1
            return count == 0 ? anchor : "\(anchor)-\(count)"
        }
    }

    /// A page without its fenced blocks.
    private static func prose(of page: String) throws -> String {
        let text = try String(contentsOf: top.appendingPathComponent(page), encoding: .utf8)
        var isFenced = false
        return text.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
            if line.hasPrefix("```") { isFenced.toggle() }
            return !isFenced
        }.joined(separator: "\n")
    }

    /// The Markdown pages of the repository.
    private static func pages() throws -> [String] {
        let pages = try FileManager.default.subpathsOfDirectory(atPath: top.path).filter { path in
            path.hasSuffix(".md") && !path.hasPrefix(".") && !path.contains("/.")
        }
        try #require(pages.contains("ARCHITECTURE.md"))
        return pages.sorted()
    }

    /// Paths relative to the repository's root.
    private static func swiftFiles(below folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(
            atPath: top.appendingPathComponent(folder).path
        ).filter { $0.hasSuffix(".swift") }.map { "\(folder)/\($0)" }.sorted()
    }
}
