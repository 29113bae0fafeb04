import App
import ArgumentParser
import EventLog
import Events
import Secrets
import Settings

/// The options that name a bucket to read, of the commands of `logs`.
struct ArchiveOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Read the archives in a bucket, s3://BUCKET/PREFIX, instead of a node's log.",
            discussion: """
                Credentials are those of --access-key-file and --secret-key-file, else found as by \
                credentials: auto. --ca-file holds authorities to trust.
                """))
    var from: String?
    @Option(help: "The bucket's region, for --from; else AWS_REGION, else us-east-1.")
    var region: String?
    @Option(
        help:
            "The origin of a store other than AWS, for --from, https://host:port; else AWS_ENDPOINT_URL_S3."
    )
    var endpoint: String?
    @Option(help: "A file with the id of an access key, for --from.") var accessKeyFile: String?
    @Option(help: "A file with its secret, for --from.") var secretKeyFile: String?

    /// The bucket of the options; nil without --from.
    func bucket(caFile: String?) throws -> Settings.Bucket? {
        guard let from else {
            guard region == nil, endpoint == nil, accessKeyFile == nil, secretKeyFile == nil else {
                throw ValidationError(
                    "--region, --endpoint, --access-key-file and --secret-key-file belong to --from"
                )
            }
            return nil
        }
        func variable(_ name: String) -> String? {
            Search.environment[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        var bucket = Settings.Bucket()
        bucket.url = from
        bucket.region = region ?? variable("AWS_REGION") ?? bucket.region
        bucket.endpoint = endpoint ?? variable("AWS_ENDPOINT_URL_S3") ?? ""
        if bucket.endpoint.hasSuffix("/") { bucket.endpoint.removeLast() }
        bucket.caFile = caFile ?? ""
        guard accessKeyFile != nil || secretKeyFile != nil else { return bucket }
        guard let accessKeyFile, let secretKeyFile else {
            throw ValidationError("give both --access-key-file and --secret-key-file")
        }
        bucket.credentials = .keys(access: .file(accessKeyFile), secret: .file(secretKeyFile))
        return bucket
    }
}

/// Where a command of `logs` reads.
enum LogSource {
    case node(RemoteNode)
    /// Files on this machine, in a bucket, or both.
    ///
    /// - Parameter maxBytes: The quota of the log on this machine; nil for a bucket.
    case files(EventLogFiles, maxBytes: Int?)

    /// - Parameter query: What is read; nil: only what is on this machine.
    init(
        _ node: NodeOption, _ archives: ArchiveOption, reaching query: EventLogQuery? = nil
    ) async throws {
        if let bucket = try archives.bucket(caFile: node.caFile) {
            guard node.config == nil, node.url == nil else {
                throw ValidationError("--from reads a bucket: leave --config and --url out")
            }
            self = .files(try Self.open(bucket), maxBytes: nil)
            return
        }
        switch try node.target() {
        case .node(let remote): self = .node(remote)
        case .folder(let local):
            let maxBytes = local.settings.log.maxBytes
            if let query, let bucket = local.settings.bucket,
                try await local.log.reachesBeyondDisk(query)
            {
                self = .files(try Self.open(bucket, beside: local.folder.path), maxBytes: maxBytes)
            } else {
                self = .files(local.log, maxBytes: maxBytes)
            }
        }
    }

    private static func open(
        _ bucket: Settings.Bucket, beside directory: String? = nil
    ) throws -> EventLogFiles {
        do {
            return try BucketLog(bucket, environment: Search.environment, beside: directory).log
        } catch {
            Standard.error("bellwether: \(error)")
            throw ExitCode(64)
        }
    }

    /// Runs a command; exits with 69 if it reads a bucket and the bucket does not answer.
    static func reading(_ body: () async throws -> Void) async throws {
        do { try await body() } catch EventLogError.store(let fault) {
            Standard.error("bellwether: \(fault)")
            throw ExitCode(69)
        }
    }

    /// The document that a running node answers at `path`, or that `local` makes of the files.
    func document(
        _ path: String, within deadline: Duration,
        local: (EventLogFiles, _ maxBytes: Int?) async throws -> [UInt8]
    ) async throws -> [UInt8] {
        switch self {
        case .files(let log, let maxBytes): return try await local(log, maxBytes)
        case .node(let node):
            return try await Search.request { () async throws(RemoteNode.Fault) in
                try await node.get(path, within: deadline)
            }
        }
    }
}
