import Core
import Events
import Foundation
import JSON
import Secrets
public import Transfer

/// A role that a projected service account token may take (IRSA): `AWS_ROLE_ARN` and
/// `AWS_WEB_IDENTITY_TOKEN_FILE`.
///
/// Source: AssumeRoleWithWebIdentity, AWS Security Token Service API Reference. The request is not
/// signed: the token is the credential.
public struct WebIdentity: BucketCredentialSource {
    private let engine: TransferEngine
    private let environment: [String: String]
    private let region: String
    /// Replaces the endpoint of AWS; for tests and private endpoints.
    private let endpoint: String?

    public init(
        _ environment: [String: String], region: String, engine: TransferEngine
    ) {
        self.environment = environment
        self.region = region
        self.engine = engine
        endpoint = environment.setting("AWS_ENDPOINT_URL_STS")
    }

    public func read() async throws(BucketFault) -> BucketCredentials? {
        guard let role = environment.setting("AWS_ROLE_ARN"),
            let path = environment.setting("AWS_WEB_IDENTITY_TOKEN_FILE")
        else { return nil }
        let place = "web identity"
        let token = try await Secret.file(path).read(for: place)
        let session = environment.setting("AWS_ROLE_SESSION_NAME") ?? "bellwether"
        let form = [
            ("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"),
            ("RoleArn", role), ("RoleSessionName", session), ("WebIdentityToken", token),
        ].map { "\($0)=\(PercentCoding.encode($1))" }.joined(separator: "&")
        let reply = try await engine.credentials(
            place,
            HTTPTransfer(
                url: endpoint ?? "https://sts.\(region).\(BucketLocation.domain(of: region))/",
                method: "POST",
                headers: [("Content-Type", "application/x-www-form-urlencoded")],
                body: Array(form.utf8), usesEnvironmentProxy: true))
        let values = XMLValues.read(
            reply, ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"])
        guard let access = values["AccessKeyId"], let secret = values["SecretAccessKey"],
            let session = values["SessionToken"],
            let expiry = values["Expiration"].flatMap({ Timestamp(rfc3339: $0) })
        else { throw .credentials(place, "the answer of STS contains no credentials") }
        return BucketCredentials(
            accessKey: access, secretKey: secret, sessionToken: session, expiry: expiry)
    }
}

/// The credentials of an ECS task or an EKS pod identity:
/// `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` or `AWS_CONTAINER_CREDENTIALS_FULL_URI`.
///
/// Source: "Container credential provider", AWS SDKs and Tools Reference Guide. Plain http is
/// accepted only from the addresses that the guide names.
public struct ContainerIdentity: BucketCredentialSource {
    private let environment: [String: String]
    private let engine: TransferEngine

    public init(_ environment: [String: String], engine: TransferEngine) {
        self.environment = environment
        self.engine = engine
    }

    public func read() async throws(BucketFault) -> BucketCredentials? {
        let place = "container credentials"
        let url: String
        if let relative = environment.setting("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            url = "http://169.254.170.2" + relative
        } else if let full = environment.setting("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
            guard Self.isTrusted(full) else {
                throw .credentials(
                    place,
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or http to loopback, 169.254.170.2, 169.254.170.23 or [fd00:ec2::23]"
                )
            }
            url = full
        } else {
            return nil
        }
        var headers: [(String, String)] = []
        if let path = environment.setting("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
            headers = [("Authorization", try await Secret.file(path).read(for: place))]
        } else if let token = environment.setting("AWS_CONTAINER_AUTHORIZATION_TOKEN") {
            headers = [("Authorization", token)]
        }
        let reply = try await engine.credentials(place, HTTPTransfer(url: url, headers: headers))
        return try BucketCredentials(json: reply, place: place)
    }

    static func isTrusted(_ url: String) -> Bool {
        guard let parts = URLComponents(string: url), let host = parts.host else { return false }
        if parts.scheme == "https" { return true }
        let bare = host.trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        return parts.scheme == "http"
            && (["localhost", "::1", "169.254.170.2", "169.254.170.23", "fd00:ec2::23"]
                .contains(bare)
                || bare.hasPrefix("127.") && bare.allSatisfy { "0123456789.".contains($0) })
    }
}

/// The role of an EC2 instance, by version 2 of its metadata service.
///
/// Source: "Use the Instance Metadata Service", Amazon EC2 User Guide. Version 1 is not used: any
/// process that can make this one send a request could read it.
public struct InstanceIdentity: BucketCredentialSource {
    private let engine: TransferEngine
    private let base: String
    private let isDisabled: Bool

    public init(_ environment: [String: String], engine: TransferEngine) {
        self.engine = engine
        base =
            environment.setting("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? "http://169.254.169.254"
        isDisabled = environment.setting("AWS_EC2_METADATA_DISABLED")?.lowercased() == "true"
    }

    public func read() async throws(BucketFault) -> BucketCredentials? {
        guard !isDisabled else { return nil }
        let place = "instance metadata"
        let token: [UInt8]
        do throws(BucketFault) {
            token = try await engine.credentials(
                place,
                HTTPTransfer(
                    url: base + "/latest/api/token", method: "PUT",
                    headers: [("X-aws-ec2-metadata-token-ttl-seconds", "300")],
                    deadline: .seconds(2), connectDeadline: .seconds(1)))
        } catch {
            // Not on EC2.
            if error.kind == .unreachable { return nil }
            throw error
        }
        let headers = [("X-aws-ec2-metadata-token", String(decoding: token, as: UTF8.self))]
        let roles = base + "/latest/meta-data/iam/security-credentials/"
        let names = try await engine.credentials(
            place, HTTPTransfer(url: roles, headers: headers, deadline: .seconds(5)))
        let role = String(decoding: names, as: UTF8.self).split(whereSeparator: \.isNewline).first
        guard let role else { throw .credentials(place, "the instance has no role") }
        let reply = try await engine.credentials(
            place,
            HTTPTransfer(
                url: roles + PercentCoding.encode(String(role)), headers: headers,
                deadline: .seconds(5)))
        return try BucketCredentials(json: reply, place: place)
    }
}

extension BucketCredentials {
    /// Reads the answer of a container or instance endpoint.
    init(json bytes: [UInt8], place: String) throws(BucketFault) {
        let value: JSONValue
        do throws(JSONFault) {
            value = try JSONValue(
                parsing: bytes, limits: JSONLimits(maxBytes: 64 << 10, maxDepth: 8))
        } catch { throw .credentials(place, "the answer is not JSON: \(error)") }
        guard let access = value["AccessKeyId"]?.string,
            let secret = value["SecretAccessKey"]?.string,
            let expiry = value["Expiration"]?.string.flatMap({ Timestamp(rfc3339: $0) })
        else { throw .credentials(place, "the answer contains no credentials") }
        self.init(
            accessKey: access, secretKey: secret, sessionToken: value["Token"]?.string,
            expiry: expiry)
    }
}

extension TransferEngine {
    /// The body of a 200 answer; every other outcome is a `BucketFault`.
    fileprivate func credentials(
        _ place: String, _ transfer: HTTPTransfer
    ) async throws(BucketFault) -> [UInt8] {
        let reply: HTTPReply
        do throws(TransferError) { reply = try await http(transfer) } catch {
            throw BucketFault(
                error.kind == .cancelled ? .cancelled : .unreachable, place: place,
                words: "\(error)")
        }
        guard reply.status == 200 else {
            throw .credentials(place, "the answer is HTTP status \(reply.status)")
        }
        return reply.body
    }
}

extension BucketCredentialChain {
    /// The sources of `credentials: auto`, in the order of AWS' SDKs.
    public static func automatic(
        environment: [String: String], region: String, engine: TransferEngine,
        clock: WallClock = .system
    ) -> BucketCredentialChain {
        BucketCredentialChain(
            [
                EnvironmentKeys(environment),
                WebIdentity(environment, region: region, engine: engine),
                SharedFileKeys(environment),
                ContainerIdentity(environment, engine: engine),
                InstanceIdentity(environment, engine: engine),
            ], clock: clock)
    }
}
