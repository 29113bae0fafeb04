import Foundation
import TestSupport
import Testing

@Suite("A notifier under SIGKILL, with strict receivers", .serialized)
struct KillNotifierTests {
    /// `Benchmarks/kill-notifier.sh` runs the same test a thousand times.
    static let kills = ProcessInfo.processInfo.environment["BELLWETHER_NOTIFIER_KILLS"] ?? "12"

    /// Includes lines that crash the digests' reader.
    static let poisonKills =
        ProcessInfo.processInfo.environment["BELLWETHER_POISON_KILLS"] ?? "12"

    @Test("with lines that crash the reader: those are quarantined, nothing else is lost")
    func poison() async throws {
        let kills = Int(Self.poisonKills) ?? 12
        try await run(
            NodeProcess.built("PoisonDriver"), "--kills", "\(kills)", "--poison",
            "\(max(2, kills / 12))")
    }

    @Test("every event is digested, recorded digests are not resent, retries are byte-identical")
    func kills() async throws {
        try await run(NodeProcess.executable, "--kills", Self.kills)
    }

    @Test("also if the state file is deleted after kills: the log gives back every decision")
    func forgotten() async throws {
        try await run(NodeProcess.executable, "--kills", "6", "--forget", "2")
    }

    private func run(_ executable: String, _ options: String...) async throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let child = try ChildProcess(
            PythonDouble.interpreter,
            [
                root.appendingPathComponent("Benchmarks/kill_notifier.py").path, "--bellwether",
                executable,
            ] + options)
        let exit = try await child.waitForExit(within: .seconds(3600))
        #expect(exit == .code(0), "\(child.output) \(child.errors)")
    }
}
