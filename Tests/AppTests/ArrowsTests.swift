import Foundation
import Testing

/// The house's arrows: who may import whom.
///
/// The compiler refuses an import that Package.swift does not declare; this
/// refuses a declaration that the design does not know. The table is the one
/// of ARCHITECTURE.md: whoever adds an arrow changes both, on purpose.
@Suite("Rooms import only rooms above them")
struct ArrowsTests {
    /// From the top of the house down: each room may name only earlier ones.
    static let rooms: [(name: String, imports: Set<String>)] = [
        ("CCurl", []),
        ("CProcess", []),
        ("CSpawn", []),
        ("CDeflate", []),
        ("CZlib", []),
        ("JSONScan", []),
        ("Events", ["JSONScan"]),
        ("Secrets", []),
        ("Settings", ["Secrets", "Events", "JSONScan"]),
        ("Telemetry", ["Events"]),
        ("Analysis", ["Events", "JSONScan"]),
        ("Digests", ["Events", "JSONScan"]),
        ("Store", []),
        ("Journal", ["CDeflate", "CZlib", "JSONScan", "Events", "Telemetry"]),
        ("Transfer", ["CCurl", "CSpawn", "Telemetry"]),
        ("Probes", ["CZlib", "Secrets", "JSONScan", "Events", "Transfer"]),
        ("Rehearsal", ["Secrets", "JSONScan", "Events", "Telemetry", "Transfer", "Probes"]),
        ("Rendering", ["Events", "JSONScan", "Digests"]),
        (
            "Delivery",
            ["Secrets", "Events", "JSONScan", "Store", "Rendering", "Transfer", "Telemetry"]
        ),
        ("Serving", ["CZlib", "Events", "JSONScan", "Store", "Telemetry"]),
        (
            "Gateway",
            [
                "Secrets", "Events", "JSONScan", "Analysis", "Probes", "Transfer", "Journal",
                "Store",
                "Serving", "Telemetry",
            ]
        ),
        (
            "Notifier",
            [
                "Events", "JSONScan", "Journal", "Store", "Digests", "Rendering", "Delivery",
                "Serving", "Telemetry",
            ]
        ),
        (
            "Console",
            [
                "Events", "JSONScan", "Journal", "Store", "Digests", "Rendering", "Delivery",
                "Serving", "Notifier",
            ]
        ),
        (
            "App",
            [
                "CProcess",
                "Secrets", "Events", "JSONScan", "Settings", "Telemetry",
                "Store", "Journal",
                "Analysis",
                "Probes", "Transfer", "Digests", "Rendering", "Delivery", "Serving", "Gateway",
                "Notifier", "Console",
            ]
        ),
        // The command line: App, and the rooms whose files a command reads.
        (
            "bellwether",
            [
                "App", "Events", "JSONScan", "Settings", "Telemetry", "Store", "Journal",
                "Analysis", "Digests", "Rehearsal", "Rendering", "Delivery", "Serving", "Notifier",
            ]
        ),
    ]

    /// What the pure rooms may see of the system: arithmetic.
    static let pure: Set<String> = ["Analysis", "Digests"]
    static let arithmetic: Set<String> = ["Glibc", "Musl", "Darwin"]

    static let top = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static var names: Set<String> { Set(rooms.map(\.name)) }

    @Test("the table itself points upwards only")
    func upwards() {
        var above: Set<String> = []
        for room in Self.rooms {
            #expect(room.imports.subtracting(above) == [], "\(room.name) names a room below it")
            above.insert(room.name)
        }
    }

    @Test("every room has its row, and every row its room")
    func complete() throws {
        let sources = Self.top.appendingPathComponent("Sources").path
        let folders = try FileManager.default.contentsOfDirectory(atPath: sources).filter { name in
            var isFolder = ObjCBool(false)
            _ = FileManager.default.fileExists(atPath: "\(sources)/\(name)", isDirectory: &isFolder)
            return isFolder.boolValue
        }
        #expect(Set(folders) == Self.names)
    }

    @Test("no file imports a room that its own room may not", arguments: rooms.map(\.name))
    func imports(room: String) throws {
        let allowed = try #require(Self.rooms.first { $0.name == room }).imports
        let sources = try Self.sources(of: room)
        #expect(sources.isEmpty == Self.libraries.contains(room))
        for (file, text) in sources {
            for module in Self.imports(in: text) {
                if Self.names.contains(module) {
                    #expect(allowed.contains(module), "\(file) imports \(module)")
                } else if Self.pure.contains(room) {
                    #expect(
                        Self.arithmetic.contains(module), "\(file) of a pure room imports \(module)"
                    )
                }
            }
        }
    }

    /// System libraries: shims, no Swift.
    private static let libraries: Set<String> = [
        "CCurl", "CDeflate", "CProcess", "CSpawn", "CZlib",
    ]

    private static let testExecutables: Set<String> = ["JournalDriver", "PoisonDriver"]

    @Test("the manifest declares no arrow beyond the table")
    func manifest() throws {
        let text = try String(
            contentsOf: Self.top.appendingPathComponent("Package.swift"), encoding: .utf8)
        var seen: Set<String> = []
        for match in text.matches(
            of: #/\b(?:room|executableTarget)\(\s*(?:name: )?"(\w+)"([^\]\)]*)/#)
        {
            let room = String(match.output.1)
            // Executables that only tests run live below Tests.
            if Self.testExecutables.contains(room) { continue }
            guard let allowed = Self.rooms.first(where: { $0.name == room })?.imports else {
                Issue.record("Package.swift has a room \(room) that the table does not know")
                continue
            }
            seen.insert(room)
            let declared = match.output.2.matches(of: #/"(\w+)"/#).map { String($0.output.1) }
            #expect(Set(declared).intersection(Self.names).subtracting(allowed) == [], "\(room)")
        }
        #expect(seen == Self.names.subtracting(Self.libraries))
    }

    @Test("every form of import is seen")
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

    /// Modules that a file's text imports, in order.
    static func imports(in text: String) -> [String] {
        text.matches(
            of:
                #/(?m)^\s*(?:@\w+\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|typealias|func|var|let)\s+)?(\w+)/#
        ).map { String($0.output.1) }
    }

    static func sources(of room: String) throws -> [(file: String, text: String)] {
        let folder = top.appendingPathComponent("Sources").appendingPathComponent(room)
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
            .filter { $0.hasSuffix(".swift") }
        return try files.map { file in
            let url = folder.appendingPathComponent(file)
            return ("\(room)/\(file)", try String(contentsOf: url, encoding: .utf8))
        }
    }
}
