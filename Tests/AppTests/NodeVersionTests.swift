import Events
import Settings
import Testing

@testable import App

@Suite("What two nodes of a pair compare")
struct NodeVersionTests {
    private static let base = "node: n\nroles: [notifier]\n"

    private func settings(_ more: String) throws -> Settings {
        try Settings.parse(text: Self.base + more)
    }

    @Test(
        "what a machine has of its own is no difference",
        arguments: [
            "az: eu-west-1b\n", "data_dir: /var/lib/other\n",
            "listen: {address: \"127.0.0.1:9999\"}\n", "log: {max_bytes: 2GiB}\n",
            "telemetry: {log_level: debug}\n",
            "bucket: {url: \"s3://b/p\"}\nha: {advertise: \"https://a:8443\"}\n",
        ])
    func own(more: String) throws {
        #expect(try settings(more).policyHash == settings("").policyHash)
    }

    @Test(
        "what decides verdicts and messages is one",
        arguments: [
            "digest: {window: 61s}\n", "digest: {repeat: 31m}\n", "analysis: {interval: 20s}\n",
            "receivers: [{name: kept, kind: file}]\nroute: {receiver: kept, routes: [{match: {namespace: a}, receivers: [kept]}]}\n",
        ])
    func decides(more: String) throws {
        let policy = try settings(more).policyHash
        let plain = try settings("").policyHash
        #expect(policy != plain)
        #expect(policy.hasPrefix("sha256:") && policy.utf8.count == 71)
    }

    @Test("a reload changes the node's version; what needs a restart does not")
    func reload() throws {
        let inForce = SettingsInForce(try settings(""))
        let before = inForce.version
        _ = inForce.replace(by: try settings("az: other\nlog: {max_bytes: 2GiB}\n"))
        #expect(inForce.version == before)
        let changed = try settings("digest: {window: 61s}\n")
        _ = inForce.replace(by: changed)
        #expect(inForce.version.policy == changed.policyHash)
        #expect(inForce.version.binary == before.binary)
    }

    @Test("only what is known of both is compared")
    func differences() {
        let one = NodeVersion(policy: "sha256:1", binary: "sha256:a")
        #expect(one.differences(from: one) == [])
        #expect(
            one.differences(from: NodeVersion(policy: "sha256:2", binary: "sha256:a")) == [.policy])
        #expect(
            one.differences(from: NodeVersion(policy: "sha256:2", binary: "sha256:b"))
                == [.policy, .binary])
        // Of an older release, and an executable that cannot be read.
        #expect(one.differences(from: NodeVersion()) == [])
        #expect(
            one.differences(from: NodeVersion(policy: "sha256:1", binary: "sha256:unknown")) == [])
    }
}
