import Foundation
import TestSupport
import Testing

@Suite("A notifier under SIGKILL, with strict receivers", .serialized)
struct KillNotifierTests {
    /// `Benchmarks/kill-notifier.sh` runs the same a thousand times.
    static let kills = ProcessInfo.processInfo.environment["BELLWETHER_NOTIFIER_KILLS"] ?? "12"

    @Test("nothing undigested, nothing sent again once recorded, repeats to the byte")
    func kills() async throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let child = try ChildProcess(
            PythonDouble.interpreter,
            [
                root.appendingPathComponent("Benchmarks/kill_notifier.py").path, "--bellwether",
                NodeProcess.executable, "--kills", Self.kills,
            ])
        let exit = try await child.waitForExit()
        #expect(exit == .code(0), "\(child.output) \(child.errors)")
    }
}
