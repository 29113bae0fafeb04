import Core
import Events

/// AWS Signature Version 4 of one request.
///
/// Source: "Authenticating Requests: Using the Authorization Header (AWS Signature Version 4)",
/// Amazon S3 API Reference. libcurl's own signing fails for unsorted queries, slashes in a query,
/// parameters without a value, and removed headers.
struct RequestSignature {
    var method: String
    /// Percent-encoded by `PercentCoding`.
    var path: String
    /// Not encoded, in any order; a parameter without a value has an empty one.
    var query: [(String, String)]
    /// All headers to sign, `host` among them; names in any case.
    var headers: [(String, String)]
    /// SHA-256 of the body, in hex.
    var payloadHash: String
    var region: String
    var service = "s3"

    /// Returns the headers to add to the request: `x-amz-date`, `x-amz-content-sha256`,
    /// `x-amz-security-token` if there is a token, and `Authorization`.
    func headers(
        by credentials: BucketCredentials, at now: Timestamp
    ) -> [(String, String)] {
        // 20130524T000000Z
        let moment = String(now.basic.prefix(15)) + "Z"
        let day = String(moment.prefix(8))
        var added = [("x-amz-content-sha256", payloadHash), ("x-amz-date", moment)]
        if let token = credentials.sessionToken { added.append(("x-amz-security-token", token)) }
        let signed = (headers + added).map { name, value in
            (name.lowercased(), Self.folded(value))
        }.sorted { $0.0 < $1.0 }
        let names = signed.map(\.0).joined(separator: ";")
        let request = [
            method, path, canonicalQuery,
            signed.map { "\($0):\($1)\n" }.joined(), names, payloadHash,
        ].joined(separator: "\n")
        let scope = "\(day)/\(region)/\(service)/aws4_request"
        let text = [
            "AWS4-HMAC-SHA256", moment, scope, ContentHash.hex(request.utf8),
        ].joined(separator: "\n")
        var key = HMACKey(Array("AWS4\(credentials.secretKey)".utf8))
        for part in [day, region, service, "aws4_request"] {
            key = HMACKey(key.code(for: Array(part.utf8)))
        }
        let signature = ContentHash.hexDigits(key.code(for: Array(text.utf8)))
        let authorization =
            "AWS4-HMAC-SHA256 Credential=\(credentials.accessKey)/\(scope),"
            + "SignedHeaders=\(names),Signature=\(signature)"
        return added + [("Authorization", authorization)]
    }

    /// The parameters encoded, sorted by their encoded names, each with an equals sign.
    var canonicalQuery: String {
        let encoded: [(name: String, value: String)] = query.map {
            (PercentCoding.encode($0), PercentCoding.encode($1))
        }
        let sorted = encoded.sorted { a, b in a.name == b.name ? a.value < b.value : a.name < b.name
        }
        return sorted.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    }

    /// A header's value without blanks at its ends, and with single blanks inside.
    private static func folded(_ value: String) -> String {
        value.split(separator: " ").joined(separator: " ")
    }
}
