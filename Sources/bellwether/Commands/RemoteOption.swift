import App
import ArgumentParser

/// `--url` and `--token-file`, for commands that also work from another machine.
struct RemoteOption: ParsableArguments {
    @Option(help: "Use this running node, https://host:port, instead of the data folder.")
    var url: String?
    @Option(help: "A file with a token of that node, for --url.") var tokenFile: String?
    @Option(help: "A PEM file of certificates to trust, for --url.") var caFile: String?

    /// The node of `--url`; nil without that option.
    func node() throws -> RemoteNode? {
        guard let url else { return nil }
        guard let tokenFile else { throw ValidationError("--url needs --token-file") }
        do throws(RemoteNode.Fault) {
            return try RemoteNode(url: url, tokenFile: tokenFile, caFile: caFile ?? "")
        } catch { throw ValidationError(error.description) }
    }

    /// Runs `body`; prints its fault and exits with 1.
    static func asking<T>(_ body: () async throws(RemoteNode.Fault) -> T) async throws -> T {
        do throws(RemoteNode.Fault) { return try await body() } catch {
            Standard.error(error.description)
            throw ExitCode(1)
        }
    }
}
