import Analysis
import Events
import Foundation

import Logging
import Notifier
import Server
import Settings
import State
import Telemetry
import TestSupport
import Testing

@testable import App
@testable import Gateway

@Suite("A reload")
struct ReloadTests {
    private let folder: TemporaryDirectory
    private let telemetry = Telemetry.silent
    private let node: Node
    private let reload: Reload
    private let threshold = LogThreshold(.info)

    init() async throws {
        folder = try TemporaryDirectory()
        try Self.write(folder, weight: 1)
        let tls = try SelfSignedCertificate.files(in: folder.file("tls"), names: ["localhost"])
        #expect(tls.certificate == folder.file("tls/certificate.pem"))
        let settings = try Settings.load(path: folder.file("bellwether.yaml"), environment: [:])
        node = try await Node.open(settings, telemetry: telemetry)
        reload = Reload(
            node: node, configurationFile: folder.file("bellwether.yaml"), threshold: threshold,
            telemetry: telemetry)
    }

    private static func write(
        _ folder: TemporaryDirectory, weight: Int, level: String = "info", more: String = ""
    ) throws {
        let tls = try SelfSignedCertificate.files(in: folder.file("tls"), names: ["localhost"])
        try """
        node: n
        data_dir: \(folder.file("data"))
        listen:
          address: "127.0.0.1:0"
          tls: {certificate: "\(tls.certificate)", key: "\(tls.key)"}
        log: {min_free: 1MiB}
        telemetry: {log_level: \(level)}
        analysis:
          probes: [{name: node, kind: disk, path: /}]
          checks: [{id: gateway.disk_ok, weight: \(weight)}]
        \(more)

        """.write(toFile: folder.file("bellwether.yaml"), atomically: true, encoding: .utf8)
    }

    private func policy() throws -> String {
        try #require(node.gateway).service.plan.policies.sha
    }

    private func receivers() throws -> [String] {
        try #require(node.notifier).dispatcher.plan.receivers.keys.sorted()
    }

    private func reloads(_ outcome: String) -> Double? {
        telemetry.registry.value("bellwether_reloads_total", labels: [("outcome", outcome)])
    }

    @Test("applies policy, receivers, tokens and log level, in one step each")
    func taken() async throws {
        let before = try policy()
        try "bw_mounted-token-of-the-test".write(
            toFile: folder.file("token"), atomically: true, encoding: .utf8)
        try Self.write(
            folder, weight: 2, level: "warning",
            more: """
                auth: {token_files: [{path: "\(folder.file("token"))", scopes: [analysis]}]}
                receivers: [{name: mine, kind: file}]
                route: {receiver: mine}
                """)
        await reload.now()
        #expect(reloads("taken") == 1)
        #expect(try policy() != before)
        #expect(threshold.level == .warning)
        #expect(try receivers() == ["mine"])
        guard case .accepted = await node.tokens.verify("bw_mounted-token-of-the-test") else {
            Issue.record("the token file is not in force")
            return
        }
        await node.close()
    }

    @Test("probes and deliveries have an engine each, so that neither waits for the other")
    func engines() async {
        #expect(node.probing !== node.delivering)
        await node.close()
    }

    @Test("with a fault changes nothing, and the next valid one is applied")
    func fault() async throws {
        let before = try policy()
        try Self.write(folder, weight: 2, level: "debug", more: "nodes: a")
        await reload.now()
        #expect(reloads("refused") == 1)
        #expect(try policy() == before)
        #expect(threshold.level == .info)
        try Self.write(folder, weight: 2)
        await reload.now()
        #expect(reloads("taken") == 1)
        #expect(try policy() != before)
        await node.close()
    }

    @Test(
        "with an unusable certificate changes nothing else either",
        arguments: ["certificate.pem", "key.pem"])
    func certificate(file: String) async throws {
        let before = try policy()
        let receiversBefore = try receivers()
        let expiry = telemetry.registry.value("bellwether_certificate_expiry_timestamp_seconds")
        try "bw_mounted-token-of-the-test".write(
            toFile: folder.file("token"), atomically: true, encoding: .utf8)
        try Self.write(
            folder, weight: 2, level: "debug",
            more: """
                auth: {token_files: [{path: "\(folder.file("token"))", scopes: [analysis]}]}
                receivers: [{name: mine, kind: file}]
                route: {receiver: mine}
                """)
        let path = folder.file("tls/" + file)
        let whole = try String(contentsOfFile: path, encoding: .utf8)
        try "-----BEGIN NOTHING-----\n".write(toFile: path, atomically: false, encoding: .utf8)
        await reload.now()
        #expect(reloads("taken") == 0)
        #expect(reloads("refused") == 1)
        #expect(try policy() == before)
        #expect(threshold.level == .info)
        #expect(try receivers() == receiversBefore)
        #expect(
            telemetry.registry.value("bellwether_certificate_expiry_timestamp_seconds") == expiry)
        if case .accepted = await node.tokens.verify("bw_mounted-token-of-the-test") {
            Issue.record("the token file is in force")
        }
        // The same once the file is valid again.
        try whole.write(toFile: path, atomically: false, encoding: .utf8)
        await reload.now()
        #expect(reloads("taken") == 1)
        #expect(try policy() != before)
        await node.close()
    }

    @Test("during measurements changes no response of a run in progress and fails none")
    func besides() async throws {
        let service = try #require(node.gateway).service
        let request = MeasurementRequest(rollout: "shop", namespace: "prod")
        let series = request.series(concern: "").id
        try await withThrowingTaskGroup(of: [String].self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var policies: [String] = []
                    for _ in 0..<50 {
                        let turn = await service.measure(request, series: series, concern: "")
                        guard case .judged(let verdict, _, _) = turn.outcome else {
                            Issue.record("not judged")
                            return policies
                        }
                        policies.append(verdict.document.etag)
                    }
                    return policies
                }
            }
            group.addTask {
                for weight in 2..<6 {
                    try Self.write(self.folder, weight: weight)
                    await self.reload.now()
                }
                return []
            }
            let tags = try await group.reduce(into: Set<String>()) { $0.formUnion($1) }
            // One attempt, whichever policy was in force when it was requested again.
            #expect(tags.count == 1)
        }
        #expect(reloads("taken") == 4)
        await node.close()
    }

    @Test("reports which changed sections need a restart")
    func restart() throws {
        let old = try Settings.parse(text: "node: a")
        for (text, names) in [
            ("node: a", []), ("node: b", ["node"]), ("node: a\naz: z", ["node"]),
            ("node: a\nroles: [notifier]", ["roles"]), ("node: a\ndata_dir: /d", ["data_dir"]),
            ("node: a\nlisten: {address: \":1\"}", ["listen"]),
            ("node: a\nlog: {max_bytes: 3GiB}", ["log"]),
            ("node: a\nanalysis: {interval: 1m}", []),
        ] as [(String, [String])] {
            #expect(Reload.needsRestart(old, try Settings.parse(text: text)) == names, "\(text)")
        }
    }
}
