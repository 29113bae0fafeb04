import Core
import Foundation
import Server
import Settings
import State

/// Creates the folder of `bellwether init DIR` with everything that a node needs to start.
public enum InitialFolder {
    public struct Fault: Error, CustomStringConvertible, Sendable {
        /// Whether the path exists already.
        public let exists: Bool
        public let description: String
    }

    /// Creates the folder with `bellwether.yaml`, `bellwether.service`, and below `data/` a
    /// certificate and tokens, `admin` among them. Never overwrites a file.
    ///
    /// - Parameter configuration: The text of `bellwether.yaml`; `data_dir` is set to the folder's.
    /// - Returns: The files that were created, the configuration first.
    /// - Throws: `Fault` if `directory` exists and is not empty, or if a file cannot be written.
    public static func make(
        _ directory: String, configuration text: String
    ) async throws -> [String] {
        let manager = FileManager.default
        let path = URL(fileURLWithPath: directory).standardizedFileURL.path
        if let inside = try? manager.contentsOfDirectory(atPath: path), !inside.isEmpty {
            throw Fault(
                exists: true,
                description: "\(path): is not empty; choose another folder, or empty it")
        }
        guard
            !manager.fileExists(atPath: path, isDirectory: nil)
                || (try? manager.contentsOfDirectory(atPath: path)) != nil
        else {
            throw Fault(
                exists: true, description: "\(path): is a file; choose another name")
        }
        let folder = DataFolder(path + "/data")
        do {
            try manager.createDirectory(
                atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path,
                withIntermediateDirectories: true)
            if mkdir(path, 0o700) != 0, errno != EEXIST {
                throw Fault(
                    exists: false,
                    description: "\(path): cannot be created (\(String(cString: strerror(errno))))")
            }
            try folder.prepare()
            let configuration = path + "/bellwether.yaml"
            try write(Self.configuration(text, data: folder.path), to: configuration)
            let unit = path + "/bellwether.service"
            try write(Self.unit(configuration: configuration, data: folder.path), to: unit)
            let tls = try SelfSignedCertificate.files(
                in: folder.tls,
                names: ["localhost", "127.0.0.1", "::1", Settings.embedded.node])
            let store = try Store(path: folder.state)
            let registry = try await TokenRegistry(store: store)
            let tokens = try await FirstStart.tokens(
                in: folder, registry: registry, roles: Settings.embedded.roles, admin: true)
            try store.close()
            return [configuration, unit, tls.certificate, tls.key] + tokens.map(\.file)
        } catch let fault as Fault {
            throw fault
        } catch {
            throw Fault(exists: false, description: "\(error)")
        }
    }

    private static func write(_ text: String, to file: String) throws(Fault) {
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Fault(
                exists: false,
                description: "\(file): cannot be written (\(String(cString: strerror(errno))))")
        }
        do {
            try FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
                .write(contentsOf: Data(text.utf8))
        } catch {
            throw Fault(
                exists: false,
                description: "\(file): cannot be written (\(error.localizedDescription))")
        }
    }

    /// The text with `data_dir` set to this folder.
    private static func configuration(_ text: String, data: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { line in
                line.hasPrefix("data_dir:")
                    ? "data_dir: \(InertText.yamlString(data))" : String(line)
            }
            .joined(separator: "\n")
    }

    private static func unit(configuration: String, data: String) -> String {
        """
        [Unit]
        Description=Bellwether: canary verdicts and digests
        Documentation=man:bellwether(8)
        After=network-online.target
        Wants=network-online.target
        # A line of the event log that crashes the node is set aside after a few restarts, so
        # restarts must not be limited.
        StartLimitIntervalSec=0

        [Service]
        Type=exec
        ExecStart="\(executable)" serve --config "\(configuration)"
        ExecReload=/bin/kill -HUP $MAINPID
        Restart=on-failure
        RestartSec=1s
        # Another node continues this one's log in the bucket.
        RestartPreventExitStatus=3
        TimeoutStopSec=40s
        UMask=0077
        LimitNOFILE=65536
        NoNewPrivileges=yes
        PrivateTmp=yes
        ProtectSystem=strict
        ProtectHome=read-only
        ReadWritePaths="\(data)"

        [Install]
        WantedBy=multi-user.target

        """
    }

    private static var executable: String {
        Bundle.main.executablePath ?? "/usr/local/bin/bellwether"
    }
}
