import Foundation
import Rendering
import TestSupport
import Testing

@testable import Delivery

@Suite("Custom programs")
struct ExecReceiverTests {
    let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory("exec") }

    private func receiver(_ script: String, deadline: Duration = .seconds(10)) throws
        -> ExecReceiver
    {
        // The script is read by a shell, not executed: a file that was just written stays busy
        // while a process that another test forked has its descriptor.
        let path = folder.file("page")
        try script.write(toFile: path, atomically: true, encoding: .utf8)
        return ExecReceiver(
            name: "page", command: ["/bin/sh", path, "--now"], deadline: deadline)
    }

    @Test("the program gets JSON on standard input and the id in its environment, nothing else")
    func input() async throws {
        let receiver = try receiver(
            "cat > \(folder.file("in")); echo \"$1 $BELLWETHER_DIGEST\"; env | cut -d= -f1 | sort | tr '\\n' ' ' > \(folder.file("env"))"
        )
        let model = #"{"text":"\#(String(repeating: "é", count: 100_000))"}"#
        let attempt = await receiver.send(
            Sample.digest("d $(reboot)\n;x", model: model), to: [""])
        #expect(attempt.results[0].outcome == .sent)
        #expect(attempt.results[0].words.hasPrefix("exit code 0: --now sha256-"))
        #expect(!attempt.results[0].words.contains("$("))
        #expect(try String(contentsOfFile: folder.file("in"), encoding: .utf8) == model + "\n")
        let names = try String(contentsOfFile: folder.file("env"), encoding: .utf8)
        let ours = [
            "BELLWETHER_COMMAND", "BELLWETHER_DIGEST", "BELLWETHER_KIND", "BELLWETHER_THREAD",
            "PATH",
        ]
        #expect(
            Set(names.split(separator: " ").map(String.init)).subtracting([
                "PWD", "_", "SHLVL", "OLDPWD",
            ]) == Set(ours))
    }

    @Test(
        "the exit code decides, the last output line is the reason",
        arguments: [
            ("exit 0", true, false), ("exit 75", false, true), ("kill -9 $$", false, true),
            ("exit 3", false, false),
        ])
    func codes(script: String, isSent: Bool, isTransient: Bool) async throws {
        let attempt = try await receiver("echo why >&2; \(script)").send(Sample.digest(), to: [""])
        let wanted: DeliveryAttempt.Outcome =
            isSent ? .sent : isTransient ? .retry(after: nil) : .refused
        #expect(attempt.results[0].outcome == wanted)
        #expect(attempt.results[0].words.hasSuffix(": why"))
    }

    @Test("a program that does not end is killed; a missing one is retried")
    func deadline() async throws {
        let slow = try await receiver("sleep 60", deadline: .milliseconds(200))
            .send(Sample.digest(), to: [""])
        #expect(slow.results[0].outcome == .retry(after: nil))
        let missing = await ExecReceiver(name: "x", command: [folder.file("none")])
            .send(Sample.digest(), to: [""])
        #expect(missing.results[0].outcome == .retry(after: nil))
        #expect(missing.results[0].words.contains("No such file"))
    }
}
