import Foundation
import TestSupport
import Testing

@Suite("Simulated pairs")
struct SimulationTests {
    @Test(
        "two nodes with faults lose nothing, lead one at a time and send each digest once",
        .timeLimit(.minutes(3)))
    func pairs() async throws {
        let (lines, isGood) = try await run(["100", "150"])
        #expect(isGood, "\(lines)")
        #expect(lines.last?.hasPrefix("150 runs, 0 failed; ") == true)
        #expect(lines.last?.contains(", 0 direct posts") == false, "\(lines)")
    }

    @Test(
        "if posts are acknowledged before the store has them, the same runs lose some",
        .timeLimit(.minutes(3)))
    func early() async throws {
        let (lines, isGood) = try await run(["100", "50", "answer-early"])
        #expect(!isGood)
        #expect(lines.contains { $0.contains("is 0 times in the log") }, "\(lines)")
    }

    @Test(
        "without the create-only condition, the same runs fail", .timeLimit(.minutes(3)))
    func unconditional() async throws {
        let (lines, isGood) = try await run(["1", "20", "ignore-condition"])
        #expect(!isGood)
        #expect(lines.count > 1, "\(lines)")
    }

    private func run(_ arguments: [String]) async throws -> (lines: [String], isGood: Bool) {
        let process = try ChildProcess(Self.executable, arguments)
        let exit = try await process.waitForExit(within: .seconds(120))
        return (process.output.split(separator: "\n").map(String.init), exit == .code(0))
    }

    /// The simulator is beside the test bundle, in the build folder.
    private static let executable: String = {
        let tests = Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" }
        let folder =
            (tests ?? Bundle.main.executableURL ?? Bundle.main.bundleURL)
            .deletingLastPathComponent()
        return folder.appendingPathComponent("ReplicationSimulator").path
    }()
}
