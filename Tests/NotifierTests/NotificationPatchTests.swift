import Foundation
import TestSupport
import Testing
import Yams

/// The shipped ConfigMap as a merge patch of one that exists, as docs/argo.md describes it.
@Suite("An existing setup of Argo's notifications")
struct NotificationPatchTests {
    /// The keys of Argo's own notifications-install.yaml, and those of a person.
    private static let existing = [
        "trigger.on-rollout-completed": "- send: [rollout-completed]\n",
        "trigger.on-rollout-step-completed": "- send: [rollout-step-completed]\n",
        "trigger.on-rollout-updated": "- send: [rollout-updated]\n",
        "trigger.on-scaling-replica-set": "- send: [scaling-replicaset]\n",
        "template.rollout-completed": "message: Rollout has been completed.\n",
        "template.rollout-step-completed": "message: A step has been completed.\n",
        "template.rollout-updated": "message: Rollout has been updated.\n",
        "template.scaling-replicaset": "message: Scaling.\n",
        "service.slack": "token: $slack-token\n",
    ]

    /// The shipped file with the lines for Argo's own triggers in place of its own.
    private static func patch() throws -> [String: String] {
        var lines = ArgoNotificationTests.file("templates/argo/notifications.yaml")
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for (place, line) in lines.enumerated() {
            guard line.hasPrefix("  #   - send: ") else { continue }
            try #require(lines[place + 1].hasPrefix("  trigger."))
            lines[place + 2] = line.replacing("#", with: " ")
        }
        return ArgoNotificationTests.data(lines.joined(separator: "\n"))
    }

    private static func sends(_ trigger: String?) throws -> [String] {
        let actions = try #require(Yams.load(yaml: trigger ?? "") as? [[String: Any]])
        return actions.flatMap { $0["send"] as? [String] ?? [] }
    }

    @Test("loses nothing: each key and each message that was sent is still there")
    func keeps() throws {
        let patch = try Self.patch()
        #expect(Set(patch.keys) == Set(ArgoNotificationTests.configMap.keys))
        // A merge patch replaces the members that it has (RFC 7386).
        let patched = Self.existing.merging(patch) { $1 }
        for (key, value) in Self.existing {
            guard key.hasPrefix("trigger.") else {
                #expect(patched[key] == value, "\(key)")
                continue
            }
            let old = try Self.sends(value)
            #expect(try Self.sends(patched[key]).starts(with: old), "\(key)")
        }
        for (key, value) in patched where key.hasPrefix("trigger.") {
            for template in try Self.sends(value) {
                #expect(patched["template." + template] != nil, "\(key): \(template)")
            }
        }
        for (key, value) in ArgoNotificationTests.configMap where key.hasPrefix("trigger.") {
            let own = try Self.sends(value)
            #expect(try Set(own).isSubset(of: Self.sends(patched[key])), "\(key)")
        }
    }

    @Test(
        "Kubernetes' own code leaves every key of the ConfigMap that the patch does not have",
        .enabled(if: Kubectl.path != nil, "there is no kubectl"))
    func real() async throws {
        func object(_ data: [String: String]) throws -> String {
            let tree: [String: Any] = [
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": ["name": "argo-rollouts-notification-configmap"], "data": data,
            ]
            return String(decoding: try JSONSerialization.data(withJSONObject: tree), as: UTF8.self)
        }
        let patch = try Self.patch()
        let patched = try await Kubectl.patch(
            object(Self.existing), type: "merge", object(patch))
        let tree = try JSONSerialization.jsonObject(with: Data(patched.utf8)) as? [String: Any]
        #expect(tree?["data"] as? [String: String] == Self.existing.merging(patch) { $1 })
    }

    @Test("is looked at first, and no command of the page replaces it")
    func commands() throws {
        let page = ArgoNotificationTests.file("docs/argo.md")
        let start = try #require(page.firstRange(of: "\n## Follow the run\n"))
        let section = page[start.upperBound...]
        let end = try #require(section.firstRange(of: "\n### "))
        let commands = section[..<end.lowerBound].split(separator: "\n").filter {
            $0.contains("kubectl ") && !$0.contains("`")
        }
        let verbs = commands.compactMap { line in
            ["get", "create", "patch", "apply", "replace"].first { line.contains("kubectl \($0) ") }
        }
        #expect(verbs == ["get", "get", "create", "create", "patch", "patch"])
        #expect(
            commands.filter { $0.contains(" patch ") }.allSatisfy { $0.contains("--type merge") })
    }
}
