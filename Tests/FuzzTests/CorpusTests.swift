import Foundation
import Testing

/// Runs the seeds and all past findings of fuzzing in every test run. An input that was once read
/// wrongly stays in `Corpus/` under a name that describes the fault.
@Suite("The corpus of the fuzz targets")
struct CorpusTests {
    @Test("is read correctly", arguments: FuzzTarget.allCases)
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

    @Test("every folder of the corpus has a target")
    func folders() throws {
        let folder = try #require(Bundle.module.resourceURL?.appendingPathComponent("Corpus"))
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(Set(names) == Set(FuzzTarget.allCases.map(\.rawValue)))
    }
}
