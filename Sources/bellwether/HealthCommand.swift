import App
import ArgumentParser
import Core
import Settings

struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Check whether the node on this machine is ready.",
        discussion: """
            Requests /readyz at listen.address and exits with 0 if the node is ready, else with 1. \
            Needs neither a token nor a shell: a container's health check can run it. If \
            listen.tls.clients is certificate or both, it needs a client certificate.
            """)

    @OptionGroup var config: ConfigOption
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
        let settings = try config.load()
        do {
            var identity: (certificate: String, key: String)?
            if let clientCertificate, let clientKey { identity = (clientCertificate, clientKey) }
            let node = try await NodeReadiness(of: settings, within: deadline, as: identity)
            Standard.line(InertText.terminal(node.description))
            if !node.isReady { throw ExitCode(1) }
        } catch let fault where !(fault is ExitCode) {
            Standard.error("bellwether: \(fault)")
            throw ExitCode(1)
        }
    }
}
