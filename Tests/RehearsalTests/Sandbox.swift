import Events
import Foundation
import TestSupport

@testable import Rehearsal

/// A real HAProxy with a stable and a canary server that return their names.
final class Sandbox: Sendable {
    let folder: TemporaryDirectory
    let port: Int
    private let haproxy: ChildProcess

    var socket: String { folder.file("haproxy.sock") }
    var url: String { "http://127.0.0.1:\(port)/" }
    var source: BalancerSource { .haproxy(socket: socket, backend: "app") }

    init() async throws {
        folder = try TemporaryDirectory("bw-rehearsal")
        port = try FreePort.take()
        // The two servers are frontends of the same HAProxy.
        let configuration = """
            global
                stats socket \(folder.file("haproxy.sock")) level admin
            defaults
                mode http
                timeout connect 2s
                timeout client 5s
                timeout server 5s
            frontend users
                bind 127.0.0.1:\(port)
                default_backend app
            backend app
                balance roundrobin
                server stable unix@\(folder.file("stable.sock")) weight 80
                server canary unix@\(folder.file("canary.sock")) weight 20
            frontend stable
                bind unix@\(folder.file("stable.sock"))
                http-request return status 200 content-type text/plain string "stable"
            frontend canary
                bind unix@\(folder.file("canary.sock"))
                http-request return status 200 content-type text/plain string "canary"
            """
        try (configuration + "\n").write(
            toFile: folder.file("haproxy.cfg"), atomically: true, encoding: .utf8)
        let executable = ["/usr/sbin/haproxy", "/usr/bin/haproxy", "/opt/homebrew/bin/haproxy"]
            .first { FileManager.default.isExecutableFile(atPath: $0) }
        haproxy = try ChildProcess(
            executable ?? "haproxy", ["-db", "-f", folder.file("haproxy.cfg")])
        let source = source
        try await eventually("HAProxy answers: \(haproxy.errors)") {
            (try? await source.balancer().weights())?.count == 2
        }
    }

    func weight(_ target: String) async throws -> Int? {
        try await source.balancer().weights().first { $0.target == target }?.value
    }

    func bookmark(probe: Bool = true, contains: String = "stable") async throws -> Bookmark {
        try await Rehearsal.take(
            name: "payments-api", source: source, canary: ["canary"], shifts: true,
            probe: probe ? UserPath(url: url, contains: contains, times: 8) : nil, rollout: nil,
            minStablePods: 1, at: .init(milliseconds: 1_790_000_000_000))
    }
}
