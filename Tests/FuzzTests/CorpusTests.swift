import Foundation
import Testing

/// What fuzzing began with and what it ever found, in every test run: an input that
/// was read wrongly once stays in `Corpus/` under the name of what it shows.
@Suite("The corpus of the fuzz targets")
struct CorpusTests {
    @Test("is read rightly", arguments: FuzzTarget.allCases)
    func corpus(target: FuzzTarget) throws {
        let folder = try #require(
            Bundle.module.resourceURL?.appendingPathComponent("Corpus/\(target.rawValue)"))
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        try #require(names.count > 5)
        for name in names {
            let input = Array(try Data(contentsOf: folder.appendingPathComponent(name)))
            #expect(throws: Never.self, "\(target.rawValue)/\(name)") { try target.run(input) }
        }
    }

    @Test("every folder of the corpus has its target")
    func folders() throws {
        let folder = try #require(Bundle.module.resourceURL?.appendingPathComponent("Corpus"))
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(Set(names) == Set(FuzzTarget.allCases.map(\.rawValue)))
    }
}
