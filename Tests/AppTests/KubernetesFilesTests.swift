import Foundation
import Settings
import Testing
import Yams

/// Checks the files by which a node is deployed, without a cluster or a container engine.
///
/// `Scripts/check-files.sh --all` renders them and checks the result against Kubernetes' schemas.
@Suite("The files for clusters and containers")
struct KubernetesFilesTests {
    private static let top = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private func text(_ file: String) throws -> String {
        try String(contentsOf: Self.top.appendingPathComponent(file), encoding: .utf8)
    }

    private func object(_ file: String) throws -> [String: Any] {
        try #require(try Yams.load(yaml: text(file)) as? [String: Any])
    }

    private func at(_ object: Any?, _ path: String...) -> Any? {
        path.reduce(object) { value, key in
            Int(key).flatMap { (value as? [Any])?[$0] } ?? (value as? [String: Any])?[key]
        }
    }

    @Test("the pod has one replica, a stable name, and can write its volume only")
    func pod() throws {
        let set = try object("Config/kubernetes/base/statefulset.yaml")
        #expect(at(set, "kind") as? String == "StatefulSet")
        // Two processes cannot share one log.
        #expect(at(set, "spec", "replicas") as? Int == 1)
        let pod = at(set, "spec", "template", "spec")
        #expect(at(pod, "securityContext", "runAsNonRoot") as? Bool == true)
        let container = at(pod, "containers", "0")
        #expect(at(container, "securityContext", "readOnlyRootFilesystem") as? Bool == true)
        let port = at(container, "ports", "0", "name") as? String
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
            #expect(at(container, probe, "httpGet", "port") as? String == port)
            #expect(at(container, probe, "httpGet", "host") == nil, "the pod's address")
        }
        let mounts = try #require(at(container, "volumeMounts") as? [[String: Any]])
        // Kubernetes never updates a file that is mounted by itself.
        #expect(mounts.allSatisfy { $0["subPath"] == nil })
        var volumes = Set(
            (at(pod, "volumes") as? [[String: Any]] ?? []).compactMap { $0["name"] as? String })
        volumes.insert(
            try #require(
                at(set, "spec", "volumeClaimTemplates", "0", "metadata", "name") as? String))
        #expect(Set(mounts.compactMap { $0["name"] as? String }) == volumes)
        for volume in at(pod, "volumes") as? [[String: Any]] ?? [] where volume["secret"] != nil {
            #expect(at(volume, "secret", "defaultMode") as? Int == 0o440)
        }
    }

    @Test(
        "the configuration is valid, except for the files that only the pod has",
        arguments: [
            "kubernetes/overlays/one-node/bellwether.yaml",
            "kubernetes/overlays/zones/gateway/bellwether.yaml",
            "kubernetes/overlays/zones/notifier/bellwether.yaml",
            "kubernetes/overlays/pair/gateway.yaml",
            "kubernetes/overlays/pair/notifier.yaml",
            "compose/gateway.yaml", "compose/notifier.yaml",
        ])
    func configuration(file: String) throws {
        let environment = ["POD_NAME": "bellwether-0", "ZONE": "eu-west-1a", "NODE": "gateway-a"]
        let yaml = try text("Config/" + file)
        do throws(SettingsFaults) {
            _ = try Settings.parse(text: yaml, environment: environment)
            Issue.record("files of the pod were found on this machine")
        } catch {
            let others = error.faults.filter { !$0.fault.hasSuffix("No such file or directory") }
            #expect(others.map(\.description) == [])
        }
    }

    @Test("compose.yaml mounts what it declares, and starts commands that exist")
    func compose() throws {
        let compose = try object("compose.yaml")
        let services = try #require(compose["services"] as? [String: [String: Any]])
        #expect(Set(services.keys) == ["gateway-a", "gateway-b", "notifier", "canary", "mail"])
        for (name, service) in services {
            for secret in service["secrets"] as? [String] ?? [] {
                #expect(at(compose, "secrets", secret) != nil, "\(name): \(secret)")
            }
            for config in service["configs"] as? [[String: String]] ?? [] {
                let source = try #require(config["source"])
                let file = try #require(at(compose, "configs", source, "file") as? String)
                #expect(try !text(file).isEmpty)
            }
            for volume in service["volumes"] as? [String] ?? [] {
                let source = String(volume.prefix { $0 != ":" })
                #expect((compose["volumes"] as? [String: Any])?.keys.contains(source) == true)
            }
            guard service["image"] as? String == "bellwether" else { continue }
            #expect(service["read_only"] as? Bool == true, "\(name)")
            let command = try #require(service["command"] as? [String])
            #expect(["serve", "demo"].contains(command[0]))
        }
    }

    @Test("the chart, the image tags and the program have one version")
    func versions() throws {
        let version = try #require(
            try text("Sources/App/Version.swift").firstMatch(of: #/text = "(.+)"/#)?.output.1)
        let chart = try object("Config/helm/bellwether/Chart.yaml")
        #expect(chart["version"] as? String == String(version))
        #expect(chart["appVersion"] as? String == String(version))
        #expect(
            try text("Config/kubernetes/base/statefulset.yaml")
                .contains("image: registry.example/bellwether:\(version)\n"))
    }
}
