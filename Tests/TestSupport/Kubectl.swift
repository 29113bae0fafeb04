import Foundation

/// Kubernetes' own merge code, without a server: `kubectl patch --local`.
///
/// Taken from the folder that `Scripts/test-shippers.sh` prints, else from the usual places.
public enum Kubectl {
    /// nil if there is none; tests that need it are then skipped.
    public static let path: String? = {
        let folder = ProcessInfo.processInfo.environment["BELLWETHER_TEST_SHIPPERS"]
        let all = [
            folder.map { $0 + "/usr/bin/kubectl" }, "/usr/bin/kubectl", "/usr/local/bin/kubectl",
        ]
        return all.compactMap(\.self).first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    public struct Missing: Error {}

    /// Returns the object, as JSON, after the patch.
    ///
    /// - Parameters:
    ///   - object: The object as JSON or YAML.
    ///   - type: `merge` or `json`.
    public static func patch(_ object: String, type: String, _ patch: String) async throws -> String
    {
        guard let path else { throw Missing() }
        let folder = try TemporaryDirectory("kubectl")
        try object.write(toFile: folder.file("object"), atomically: true, encoding: .utf8)
        let child = try ChildProcess(
            path,
            [
                "patch", "--local", "-f", folder.file("object"), "--type", type, "--patch", patch,
                "-o", "json",
            ], environment: ["HOME": folder.path, "KUBECONFIG": folder.file("none")])
        guard try await child.waitForExit() == .code(0) else {
            throw ChildProcess.SpawnError(description: "kubectl: \(child.errors)")
        }
        return child.output
    }
}
