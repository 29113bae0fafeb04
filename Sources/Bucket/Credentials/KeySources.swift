import Core
import Secrets

/// Keys named in the configuration; read again at each renewal, so that a rotated file counts.
public struct ConfiguredKeys: BucketCredentialSource {
    private let accessKey: Secret
    private let secretKey: Secret

    public init(accessKey: Secret, secretKey: Secret) {
        self.accessKey = accessKey
        self.secretKey = secretKey
    }

    public func read() async throws(BucketFault) -> BucketCredentials? {
        guard accessKey.isSet || secretKey.isSet else { return nil }
        let place = "bucket keys"
        return BucketCredentials(
            accessKey: try await accessKey.read(for: place),
            secretKey: try await secretKey.read(for: place))
    }
}

/// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
public struct EnvironmentKeys: BucketCredentialSource {
    private let environment: [String: String]

    public init(_ environment: [String: String]) { self.environment = environment }

    public func read() async throws(BucketFault) -> BucketCredentials? {
        let access = environment.setting("AWS_ACCESS_KEY_ID")
        let secret = environment.setting("AWS_SECRET_ACCESS_KEY")
        guard access != nil || secret != nil else { return nil }
        guard let access, let secret else {
            throw .credentials(
                "the environment",
                "of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set; set both")
        }
        return BucketCredentials(
            accessKey: access, secretKey: secret,
            sessionToken: environment.setting("AWS_SESSION_TOKEN"))
    }
}

/// A profile of AWS' shared credentials file.
///
/// The file is `AWS_SHARED_CREDENTIALS_FILE` or `~/.aws/credentials`, the profile `AWS_PROFILE` or
/// `default`. Source: "Shared config and credentials files", AWS SDKs and Tools Reference Guide.
public struct SharedFileKeys: BucketCredentialSource {
    private let path: String?
    private let profile: String
    /// Whether the environment names the file or a profile, so that the file must exist.
    private let isRequested: Bool

    public init(_ environment: [String: String]) {
        let named = environment.setting("AWS_SHARED_CREDENTIALS_FILE")
        path = named ?? environment.setting("HOME").map { "\($0)/.aws/credentials" }
        profile = environment.setting("AWS_PROFILE") ?? "default"
        isRequested = named != nil || environment.setting("AWS_PROFILE") != nil
    }

    public func read() async throws(BucketFault) -> BucketCredentials? {
        guard let path else { return nil }
        let text = await BlockingExecutor.credentials.run {
            (try? BoundedFile(reading: path, limit: 256 << 10)).flatMap {
                // A byte order mark would belong to the first section's name.
                let mark = $0.bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
                return String(validating: $0.bytes.dropFirst(mark), as: UTF8.self)
            }
        }
        guard let text else {
            guard isRequested else { return nil }
            throw .credentials(path, "cannot be read")
        }
        let values = Self.section(profile, of: text)
        let access = values["aws_access_key_id"]
        let secret = values["aws_secret_access_key"]
        guard let access, let secret else {
            guard isRequested || access != nil || secret != nil else { return nil }
            throw .credentials(
                path, "profile \(profile) has no aws_access_key_id and aws_secret_access_key")
        }
        return BucketCredentials(
            accessKey: access, secretKey: secret, sessionToken: values["aws_session_token"])
    }

    /// The settings of one section of an INI file.
    static func section(_ name: String, of text: String) -> [String: String] {
        var isIn = false
        var values: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.trimmed
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasPrefix("["), line.hasSuffix("]") {
                isIn = line.dropFirst().dropLast().trimmed == name
            } else if isIn, let equals = line.firstIndex(of: "=") {
                values[line[..<equals].trimmed] = line[line.index(after: equals)...].trimmed
            }
        }
        return values
    }
}

extension [String: String] {
    /// The value of a variable that is set and not empty.
    func setting(_ name: String) -> String? { self[name].flatMap { $0.isEmpty ? nil : $0 } }
}

extension BucketFault {
    static func credentials(_ place: String, _ words: String) -> BucketFault {
        BucketFault(.credentials, place: place, words: words)
    }
}

extension Secret {
    /// Reads the secret on the executor of credential files.
    ///
    /// - Parameter place: What it is for, to name in a fault.
    func read(for place: String) async throws(BucketFault) -> String {
        do throws(SecretFault) {
            return try await BlockingExecutor.credentials.run { () throws(SecretFault) in
                try read()
            }
        } catch { throw .credentials(place, "\(error)") }
    }
}

extension BlockingExecutor {
    /// Reads credential files.
    static let credentials = BlockingExecutor("bucket.credentials")
}
