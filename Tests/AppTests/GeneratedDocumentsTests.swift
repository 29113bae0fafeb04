import Foundation
import TestSupport
import Testing

@testable import App

/// Documents that are drawn or generated from the sources.
@Suite("Generated documents")
struct GeneratedDocumentsTests {
    @Test("the diagrams in docs/images are what Scripts/diagrams.py draws")
    func diagrams() async throws {
        let check = try ChildProcess(
            "python3",
            [LayoutTests.top.appendingPathComponent("Scripts/diagrams.py").path, "--check"])
        #expect(try await check.waitForExit() == .code(0), "\(check.errors)")
    }

    @Test("the photographs in docs/images are of today's pages and digests")
    func photographs() async throws {
        let check = try ChildProcess(
            "python3",
            [LayoutTests.top.appendingPathComponent("Scripts/make-images.py").path, "--check"])
        #expect(try await check.waitForExit() == .code(0), "\(check.errors)")
    }

    @Test("every picture that pages show is small, and every picture is shown")
    func pictures() throws {
        let manager = FileManager.default
        let images = LayoutTests.top.appendingPathComponent("docs/images").path
        let names = try manager.contentsOfDirectory(atPath: images)
            .filter { !$0.hasSuffix(".sha256") }
        #expect(names.count > 8)
        let pages = try ["README.md", "ARCHITECTURE.md"]
            .map {
                try String(contentsOf: LayoutTests.top.appendingPathComponent($0), encoding: .utf8)
            }
        let docs = LayoutTests.top.appendingPathComponent("docs")
        let texts =
            pages
            + (try manager.contentsOfDirectory(atPath: docs.path).filter { $0.hasSuffix(".md") }
                .map { try String(contentsOf: docs.appendingPathComponent($0), encoding: .utf8) })
        for name in names {
            let size = try manager.attributesOfItem(atPath: "\(images)/\(name)")[.size] as? Int
            #expect(try #require(size) < 200 << 10, "\(name)")
            #expect(texts.contains { $0.contains("images/\(name)") }, "no page shows \(name)")
        }
    }

    @Test("docs/openapi.json has exactly the operations that are described")
    func operations() throws {
        let data = try Data(
            contentsOf: LayoutTests.top.appendingPathComponent("docs/openapi.json"))
        let tree = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let paths = try #require(tree["paths"] as? [String: [String: Any]])
        let shown = paths.flatMap { path, methods in
            methods.keys.map { "\($0.uppercased()) \(path)" }
        }
        #expect(Set(shown) == Set(OpenAPIOperations.all.keys))
    }
}
