import App
import ArgumentParser
import Settings

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Restore a node's log from its bucket into a folder.",
        discussion: """
            `serve` with an empty data_dir does the same. A call that was interrupted can be \
            repeated. The node that ships to the bucket is not disturbed. Exits with 73 if the \
            folder holds a log, and with 69 if the restore fails otherwise.
            """)

    @Argument(help: "The folder to restore into; created if it does not exist.")
    var directory: String
    @Option(help: "The bucket and prefix, s3://BUCKET/PREFIX.") var from: String?
    @Option(help: "The bucket's region; default us-east-1.") var region: String?
    @Option(help: "The origin of a store other than AWS.") var endpoint: String?
    @Option(help: "A PEM file of certificates to trust.") var caFile: String?
    @Option(
        name: .customLong("config"),
        help: ArgumentHelp(
            "A configuration whose bucket and credentials are used.",
            discussion:
                "Without it, credentials come from the environment, as with bucket.credentials: auto."
        ))
    var config: String?

    func run() async throws {
        var bucket = Settings.Bucket()
        if let config { bucket = try Search.settings(config).bucket ?? bucket }
        if let from { bucket.url = from }
        if let region { bucket.region = region }
        if let endpoint { bucket.endpoint = endpoint }
        if let caFile { bucket.caFile = caFile }
        guard !bucket.url.isEmpty else {
            throw ValidationError("name the bucket: --from s3://BUCKET/PREFIX, or --config")
        }
        do {
            let bytes = try await RestoredFolder.make(
                bucket, in: directory, environment: Search.environment)
            print("restored \(bytes) bytes of log from \(bucket.url) to \(directory)")
        } catch let fault as RestoredFolder.NotEmpty {
            Standard.error("bellwether: \(fault)")
            throw ExitCode(73)
        } catch {
            Standard.error("bellwether: \(error)")
            throw ExitCode(69)
        }
    }
}
