import Foundation
import JSON
import TestSupport
import Testing

/// The whole command with a `kubectl` that replays recorded responses.
@Suite("bellwether rehearse on the command line", .serialized)
struct RehearsalCommandTests {
    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory("bw-rehearse")
        let script = """
            #!/bin/sh
            # Answers as kubectl did for a canary at its third step; a patch changes the state.
            cd '\(folder.path)'
            echo "$*" >>kubectl.log
            case "$*" in
            *'get rollouts.argoproj.io payments-api'*)
                cat <<END
            {"metadata":{"name":"payments-api","namespace":"prod","uid":"u-1","annotations":{"rollout.argoproj.io/revision":"17"}},
             "spec":{"replicas":5},
             "status":{"stableRS":"66c9","currentPodHash":"7f5d","currentStepIndex":3,"phase":"Progressing","abort":$(cat abort)}}
            END
                ;;
            *'get replicasets'*rollouts-pod-template-hash=66c9*)
                echo '{"items":[{"status":{"replicas":5,"availableReplicas":5}}]}' ;;
            *'get deployments'*)
                echo '{"items":[{"spec":{"template":{"spec":{"containers":[{"image":"quay.io/argoproj/argo-rollouts:'"$(cat version)"'@sha256:00"}]}}}}]}' ;;
            *'patch rollouts.argoproj.io payments-api --subresource=status --type=merge --patch {"status":{"abort":true}}'*)
                echo true >abort; [ -e stuck ] || echo 0 >canary ;;
            *'patch rollouts.argoproj.io payments-api --subresource=status --type=merge --patch {"status":{"abort":false}}'*)
                echo false >abort; echo 20 >canary ;;
            *) echo "error: unknown command $*" >&2; exit 1 ;;
            esac
            """
        let weights = """
            #!/bin/sh
            cd '\(folder.path)'
            echo "{\\"stable\\":80,\\"canary\\":$(cat canary)}"
            """
        for (name, text) in [("kubectl", script), ("weights", weights)] {
            try text.write(toFile: folder.file(name), atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: folder.file(name))
        }
        try set("abort", "false")
        try set("canary", "20")
        try set("version", "v1.9.1")
    }

    private func set(_ name: String, _ text: String) throws {
        try text.write(toFile: folder.file(name), atomically: true, encoding: .utf8)
    }

    private func value(_ name: String) throws -> String {
        try String(contentsOfFile: folder.file(name), encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func rehearse(
        _ arguments: String...
    ) async throws -> (output: String, exit: ChildProcess.Exit) {
        let child = try ChildProcess(
            NodeProcess.executable, ["rehearse"] + arguments,
            environment: ["PATH": "\(folder.path):/usr/bin:/bin"])
        let exit = try await child.waitForExit()
        return (child.output + child.errors, exit)
    }

    private func bookmark() async throws -> String {
        let file = folder.file("bookmark.json")
        let taken = try await rehearse(
            "bookmark", file, "--rollout", "payments-api", "--namespace", "prod", "--command",
            folder.file("weights"), "--canary", "canary")
        #expect(taken.exit == .code(0), "\(taken.output)")
        #expect(taken.output.contains("stable 66c9 (5 pods), canary 7f5d, step 3, Argo 1.9.1"))
        return file
    }

    @Test("the default is a dry run; a live run aborts, sees the weights shift, and retries")
    func live() async throws {
        let file = try await bookmark()
        let dry = try await rehearse("run", file)
        #expect(dry.exit == .code(0), "\(dry.output)")
        #expect(dry.output.contains("1. abort: kubectl --namespace prod patch"))
        #expect(dry.output.contains("nothing was done"))
        #expect(try value("abort") == "false")
        #expect(try !value("kubectl.log").contains("patch"))

        #expect(try await rehearse("run", file, "--live").exit == .code(64))
        #expect(
            try await rehearse("run", file, "--live", "--confirm", "other").exit == .code(64))
        let live = try await rehearse(
            "run", file, "--live", "--confirm", "payments-api", "--poll", "10ms", "--json")
        #expect(live.exit == .code(0), "\(live.output)")
        let report = try JSONValue(parsing: Array(live.output.utf8), limits: .event)
        #expect(report["ok"] == .bool(true))
        #expect(report["rollback_ms"]?.integer != nil)
        let patches = try value("kubectl.log").split(separator: "\n").filter {
            $0.contains("patch")
        }
        #expect(patches.count == 2)
        #expect(try value("abort") == "false")
        #expect(try await rehearse("verify", file).exit == .code(0))
        let restored = try await rehearse("restore", file)
        #expect(restored.exit == .code(0))
        #expect(restored.output.contains("nothing to restore"))
    }

    @Test("each failure has its exit code, and leaves no rollout aborted")
    func failures() async throws {
        let file = try await bookmark()
        // 3: the weights changed in the meantime.
        try set("canary", "50")
        let drifted = try await rehearse("verify", file)
        #expect(drifted.exit == .code(3))
        #expect(drifted.output.contains("weight.canary: 20 → 50"))
        #expect(try await rehearse("run", file).exit == .code(3))
        try set("canary", "20")

        // 4: the abort does not move the weights.
        try set("stuck", "")
        let late = try await rehearse(
            "run", file, "--live", "--confirm", "payments-api", "--poll", "10ms", "--budget",
            "50ms")
        #expect(late.exit == .code(4), "\(late.output)")
        #expect(late.output.contains("canary still has weight 20"))
        #expect(try value("abort") == "false")

        // 1: kubectl fails, because its state file here is a folder.
        try FileManager.default.removeItem(atPath: folder.file("abort"))
        try FileManager.default.createDirectory(
            atPath: folder.file("abort"), withIntermediateDirectories: false)
        #expect(try await rehearse("verify", file).exit == .code(1))
        try FileManager.default.removeItem(atPath: folder.file("abort"))
        try set("abort", "false")

        // 2: the controller is too old, or there is no bookmark.
        try set("version", "v1.8.1")
        let old = folder.file("old.json")
        #expect(
            try await rehearse(
                "bookmark", old, "--rollout", "payments-api", "--namespace", "prod", "--command",
                folder.file("weights"), "--canary", "canary"
            ).exit == .code(0))
        #expect(try await rehearse("run", old).exit == .code(2))
        #expect(try await rehearse("run", folder.file("nothing.json")).exit == .code(2))
    }
}
