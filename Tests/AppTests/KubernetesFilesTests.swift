import Foundation
import Settings
import Testing
import Yams

@Suite("The files in Config/kubernetes")
struct KubernetesFilesTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Config/kubernetes")

    private func objects(_ file: String) throws -> [String: [String: Any]] {
        let text = try String(
            contentsOf: Self.folder.appendingPathComponent(file), encoding: .utf8)
        var objects: [String: [String: Any]] = [:]
        for document in try Yams.load_all(yaml: text) {
            let object = try #require(document as? [String: Any])
            #expect(object["apiVersion"] is String)
            let kind = try #require(object["kind"] as? String)
            objects[kind] = object
        }
        return objects
    }

    private func at(_ object: Any?, _ path: String...) -> Any? {
        path.reduce(object) { value, key in
            Int(key).flatMap { (value as? [Any])?[$0] } ?? (value as? [String: Any])?[key]
        }
    }

    @Test("each object is there, and their labels, ports and volumes match")
    func meet() throws {
        let objects = try objects("bellwether.yaml")
        #expect(
            Set(objects.keys) == [
                "Namespace", "Secret", "ConfigMap", "PersistentVolumeClaim", "Deployment",
                "Service", "NetworkPolicy",
            ])
        let pod = at(objects["Deployment"], "spec", "template")
        let labels = at(pod, "metadata", "labels") as? [String: String]
        #expect(labels?.isEmpty == false)
        for selector in [
            at(objects["Deployment"], "spec", "selector", "matchLabels"),
            at(objects["Service"], "spec", "selector"),
            at(objects["NetworkPolicy"], "spec", "podSelector", "matchLabels"),
            at(
                try self.objects("servicemonitor.yaml")["ServiceMonitor"], "spec", "selector",
                "matchLabels"),
        ] {
            #expect(selector as? [String: String] == labels)
        }
        let container = at(pod, "spec", "containers", "0")
        let port = at(container, "ports", "0", "name") as? String
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
            #expect(at(container, probe, "httpGet", "port") as? String == port)
        }
        let mounts = Set(
            (at(container, "volumeMounts") as? [[String: Any]] ?? []).compactMap {
                $0["name"] as? String
            })
        let volumes = Set(
            (at(pod, "spec", "volumes") as? [[String: Any]] ?? []).compactMap {
                $0["name"] as? String
            })
        #expect(mounts == volumes)
        #expect(at(container, "securityContext", "readOnlyRootFilesystem") as? Bool == true)
        #expect(at(pod, "spec", "securityContext", "runAsNonRoot") as? Bool == true)
        // Two processes cannot share one log.
        #expect(at(objects["Deployment"], "spec", "replicas") as? Int == 1)
        #expect(at(objects["Deployment"], "spec", "strategy", "type") as? String == "Recreate")
    }

    @Test("the configuration is valid, except for the files that only the pod has")
    func configuration() throws {
        let map = try #require(objects("bellwether.yaml")["ConfigMap"])
        let yaml = try #require(at(map, "data", "bellwether.yaml") as? String)
        do throws(SettingsFaults) {
            _ = try Settings.parse(text: yaml, environment: ["POD_NAME": "bellwether-1"])
            Issue.record("files of the pod were found on this machine")
        } catch {
            let others = error.faults.filter { !$0.fault.hasSuffix("No such file or directory") }
            #expect(others.map(\.description) == [])
        }
    }
}
