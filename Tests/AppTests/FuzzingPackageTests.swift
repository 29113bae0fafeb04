import Foundation
import Testing

/// The package `Fuzzing` is built only by `Scripts/fuzz.sh`, so a rename could break it unnoticed.
@Suite("The package of the fuzz targets")
struct FuzzingPackageTests {
    private static let folder = LayoutTests.top.appendingPathComponent("Fuzzing")
    private static let sources = folder.appendingPathComponent("Sources")

    @Test("every link leads to a source that exists")
    func links() throws {
        let files = try Self.links()
        #expect(files.count > 20)
        for file in files {
            #expect(
                FileManager.default.fileExists(atPath: file.resolvingSymlinksInPath().path),
                "\(file.path)")
        }
    }

    @Test("the manifest declares what the linked sources import")
    func imports() throws {
        let manifest = try String(
            contentsOf: Self.folder.appendingPathComponent("Package.swift"), encoding: .utf8)
        let own = Set(LayoutTests.modules.map(\.name))
        let modules = try Self.folders().filter(own.contains)
        #expect(modules.count > 10)
        for module in modules {
            let declared = Self.dependencies(of: module, in: manifest)
            let imported = try Self.swiftFiles(of: module)
                .flatMap { LayoutTests.imports(in: try String(contentsOf: $0, encoding: .utf8)) }
                .filter(own.contains)
            let missing = Set(imported).subtracting(declared)
            #expect(missing.isEmpty, "\(module) imports \(missing.sorted())")
        }
    }

    /// The string literals of the module's declaration, up to the next one.
    private static func dependencies(of module: String, in manifest: String) -> Set<String> {
        let parts = manifest.components(separatedBy: "module(").dropFirst()
        let declaration = parts.first {
            $0.trimmingCharacters(in: .whitespacesAndNewlines).hasPrefix("\"\(module)\"")
        }
        let text = declaration?.components(separatedBy: ".target(").first ?? ""
        return Set(text.components(separatedBy: "\""))
    }

    private static func folders() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: sources.path)
    }

    /// The linked folders, and the linked files of the other folders.
    private static func links() throws -> [URL] {
        try folders().map(sources.appendingPathComponent).flatMap { folder in
            try isLink(folder)
                ? [folder]
                : FileManager.default.contentsOfDirectory(
                    at: folder, includingPropertiesForKeys: nil
                ).filter(isLink)
        }
    }

    private static func isLink(_ file: URL) throws -> Bool {
        try FileManager.default.attributesOfItem(atPath: file.path)[.type] as? FileAttributeType
            == .typeSymbolicLink
    }

    private static func swiftFiles(of module: String) throws -> [URL] {
        let folder = sources.appendingPathComponent(module).resolvingSymlinksInPath()
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        return names.filter { $0.hasSuffix(".swift") }.map(folder.appendingPathComponent)
    }
}
