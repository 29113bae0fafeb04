import Foundation
import Testing

/// A file that exists for a moment with a wider mode than it ends with can be opened in that moment.
@Suite("Files and folders are made with their final mode or a narrower one")
struct FileModeTests {
    /// Parents of a folder that the operator named: they are the operator's, with the umask's mode.
    private static let parents: Set<String> = ["App/DataFolder.swift", "App/InitialFolder.swift"]

    /// Calls of Foundation that make a file by the umask, or set the mode afterwards.
    private static let wide = [
        "createFile(", "copyItem(", "toFile:", "write(to: URL", "FileWrapper", "OutputStream(",
        "freopen(", "mkdtemp(", "creat(",
    ]

    private static func sources() throws -> [(file: String, text: String)] {
        try LayoutTests.modules.flatMap { try LayoutTests.sources(of: $0.name) }
    }

    /// Why a source breaks the rule, by line.
    private static func faults(in text: String, of file: String) -> [String] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var faults: [String] = []
        for (at, line) in lines.enumerated() {
            let code = line.trimmingCharacters(in: .whitespaces)
            guard !code.hasPrefix("//") else { continue }
            // The flags may stand on the line before the call.
            let call = code + (at + 1 < lines.count ? " " + lines[at + 1] : "")
            if code.contains("O_CREAT"), !call.contains("0o600") {
                faults.append("\(file):\(at + 1) opens with another mode than 0600")
            }
            if code.contains(/\bmkdir\(/), !code.contains("0o700") {
                faults.append("\(file):\(at + 1) makes a folder with another mode than 0700")
            }
            if code.contains("createDirectory("), !parents.contains(file) {
                faults.append("\(file):\(at + 1) makes a folder whose mode is set afterwards")
            }
            for name in wide where code.contains(name) {
                faults.append("\(file):\(at + 1) calls \(name)")
            }
        }
        return faults
    }

    @Test("in all sources")
    func all() throws {
        let sources = try Self.sources()
        #expect(sources.count { $0.text.contains("O_CREAT") } > 5)
        for (file, text) in sources {
            #expect(Self.faults(in: text, of: file) == [])
        }
    }

    @Test(
        "the rule finds each",
        arguments: [
            "open(path, O_RDWR | O_CREAT, 0o640)", "if mkdir(path, 0o755) != 0 {",
            "try manager.createDirectory(atPath: path, withIntermediateDirectories: true)",
            "let flags = O_CREAT\nlet file = open(path, flags, 0o644)",
            "try text.write(toFile: path, atomically: true, encoding: .utf8)",
        ])
    func finds(text: String) {
        #expect(Self.faults(in: text, of: "App/Some.swift").count == 1)
    }
}
