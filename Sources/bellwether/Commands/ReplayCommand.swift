import Analysis
import ArgumentParser
import Foundation

struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Judge recorded inputs again; exit 1 when anything differs.",
        discussion: """
            A vectors file holds checks, primitives, merge cases and identities with the results \
            that are expected of them.
            """)

    @Option(help: "A file of test vectors.") var vectors: String

    func run() throws {
        guard let data = FileManager.default.contents(atPath: vectors) else {
            Standard.error("\(vectors): cannot be read")
            throw ExitCode(66)
        }
        let report: ReplayReport
        do { report = try VectorReplay.run(Array(data)) } catch {
            Standard.error("\(vectors): is no vectors file: \(error)")
            throw ExitCode(65)
        }
        for mismatch in report.mismatches { print(TerminalText.inert("\(mismatch)")) }
        print("\(report.compared) compared, \(report.mismatches.count) differ")
        if !report.mismatches.isEmpty { throw ExitCode(1) }
    }
}
