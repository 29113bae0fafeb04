import App
import ArgumentParser
import Core
import Settings

struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Check whether a node is ready.",
        discussion: """
            Requests /readyz of the node and exits with 0 if it is ready, else with 1. With --config \
            that is the node on this machine, at listen.address. Needs neither a token nor a shell: a \
            container's health check can run it. If listen.tls.clients is certificate or both, it \
            needs a client certificate.
            """)

    @OptionGroup var node: NodeOption
    @Option(help: "How long to wait for the answer.") var timeout = "3s"
    @Option(help: "A client certificate in PEM, for a node that requires one.")
    var clientCertificate: String?
    @Option(help: "Its key in PEM.") var clientKey: String?

    func validate() throws {
        if (clientCertificate == nil) != (clientKey == nil) {
            throw ValidationError("--client-certificate and --client-key belong together")
        }
    }

    func run() async throws {
        guard let deadline = DurationText.parse(timeout), deadline > .zero else {
            throw ValidationError("--timeout takes a span such as 3s")
        }
        let place = try node.place(needsToken: false)
        do {
            let node = try await readiness(of: place, within: deadline)
            Standard.line(InertText.terminal(node.description))
            if !node.isReady { throw ExitCode(1) }
        } catch let fault where !(fault is ExitCode) {
            Standard.error("bellwether: \(fault)")
            throw ExitCode(1)
        }
    }

    private func readiness(
        of place: NodeSearch.Place, within deadline: Duration
    ) async throws -> NodeReadiness {
        var identity: NodeReadiness.Identity?
        if let clientCertificate, let clientKey { identity = (clientCertificate, clientKey) }
        switch place {
        case .configuration(let file):
            return try await NodeReadiness(
                of: try Search.settings(file), within: deadline, as: identity)
        case .node(let remote):
            // The token is not read: `/readyz` is open to all.
            return try await NodeReadiness(
                url: remote.url, caFile: remote.caFile, within: deadline, as: identity)
        }
    }
}
