import Core

/// Where objects are stored: a bucket of an S3-compatible store, and a prefix in it.
public struct BucketLocation: Sendable, Hashable {
    public let bucket: String
    /// The first part of every key, without a slash at either end; may be empty.
    public let prefix: String
    public let region: String
    /// `https://host[:port]` of a store other than AWS; nil for AWS.
    public let endpoint: String?

    /// - Parameters:
    ///   - url: `s3://BUCKET` or `s3://BUCKET/PREFIX`.
    ///   - endpoint: The origin of a store other than AWS. Its objects are addressed by path.
    /// - Throws: `.invalid`, with the key of the configuration as its place.
    public init(
        url: String, region: String = "us-east-1", endpoint: String? = nil
    ) throws(BucketFault) {
        func fault(_ words: String, of key: String = "url") -> BucketFault {
            BucketFault(.invalid, place: "bucket.\(key)", words: words)
        }
        guard url.hasPrefix("s3://") else {
            throw fault("the URL must be s3://BUCKET/PREFIX")
        }
        let path = url.dropFirst("s3://".count)
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let bucket = parts.first ?? ""
        let isName =
            (3...63).contains(bucket.utf8.count)
            && bucket.utf8.allSatisfy(Self.isNameByte)
            && bucket.first != "-" && bucket.first != "." && bucket.last != "-"
        guard isName else {
            throw fault("a bucket's name has 3 to 63 lower-case letters, digits, dots and hyphens")
        }
        var names = Array(parts.dropFirst())
        if names.last == "" { names.removeLast() }
        // These need no encoding, so that every tool shows the same key.
        let isPrefix = names.allSatisfy { name in
            !name.isEmpty && name != "." && name != ".."
                && name.utf8.allSatisfy { $0.isAlphanumeric || "-._~".utf8.contains($0) }
        }
        guard isPrefix, names.joined(separator: "/").utf8.count <= 512 else {
            throw fault(
                "the prefix must consist of names of letters, digits, dots, hyphens, underscores and tildes, separated by single slashes"
            )
        }
        guard !region.isEmpty, region.utf8.allSatisfy({ Self.isNameByte($0) && $0 != 0x2E }) else {
            throw fault("the region must be a name such as eu-west-1", of: "region")
        }
        if let endpoint {
            let rest = endpoint.split(separator: "://", maxSplits: 1).map(String.init)
            guard rest.count == 2, ["http", "https"].contains(rest[0]), !rest[1].isEmpty,
                !rest[1].contains(where: { "/?#@".contains($0) })
            else {
                throw fault(
                    "the endpoint must be https://HOST or https://HOST:PORT", of: "endpoint")
            }
        }
        self.bucket = bucket
        self.prefix = names.joined(separator: "/")
        self.region = region
        self.endpoint = endpoint
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x61...0x7A, 0x30...0x39, 0x2D, 0x2E: true
        default: false
        }
    }

    /// `s3://BUCKET/PREFIX`; contains no credential.
    public var url: String { "s3://\(bucket)" + (prefix.isEmpty ? "" : "/\(prefix)") }

    /// The key of an object of this prefix.
    func key(_ name: String) -> String { prefix.isEmpty ? name : "\(prefix)/\(name)" }

    /// The domain of AWS' endpoints in a region.
    static func domain(of region: String) -> String {
        region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
    }

    /// The scheme and authority of requests, and the path of the bucket.
    var base: (origin: String, host: String, path: String) {
        if let endpoint {
            var host = endpoint.split(separator: "://", maxSplits: 1).last.map(String.init) ?? ""
            // The header Host, which the signature covers, has no port that is the scheme's own.
            let port = endpoint.hasPrefix("https") ? ":443" : ":80"
            if host.hasSuffix(port) { host.removeLast(port.count) }
            return (endpoint, host, "/\(bucket)")
        }
        let domain = Self.domain(of: region)
        // AWS' certificate covers one label before `s3`, so a name with dots is part of the path.
        if bucket.contains(".") {
            let host = "s3.\(region).\(domain)"
            return ("https://\(host)", host, "/\(bucket)")
        }
        let host = "\(bucket).s3.\(region).\(domain)"
        return ("https://\(host)", host, "")
    }
}
