import Core
import Events
import Transfer

/// One request to the store, before it is signed.
struct BucketRequest: Sendable {
    var method: String
    /// The whole key; empty for the bucket itself.
    var key = ""
    var query: [(String, String)] = []
    var headers: [(String, String)] = []
    var body: [UInt8] = []
    var maxBody = 1 << 20
    /// The statuses that are an answer rather than a fault.
    var expected: Set<Int> = [200]
    /// Whether it is sent before other waiting requests; see `RequestPace`.
    var isUrgent = false

    /// The method and the object, for messages. The query contains nothing that people need.
    func place(_ location: BucketLocation) -> String {
        "\(method) s3://\(location.bucket)" + (key.isEmpty ? "" : "/\(key)")
    }

    /// The MD5 of a body, as stores compare it with what they received (RFC 1864).
    static func checksum(_ body: [UInt8]) -> (String, String) {
        ("Content-MD5", Base64.encode(MD5Sum.digest(body)))
    }

    /// The headers that a signature must cover, and those of the body.
    private static func isSigned(_ name: String) -> Bool {
        let name = name.lowercased()
        return name.hasPrefix("x-amz-") || name.hasPrefix("content-")
    }

    func signed(
        _ location: BucketLocation, _ credentials: BucketCredentials, at now: Timestamp,
        tls: TLSTrust, idle: Duration
    ) -> HTTPTransfer {
        let (origin, host, bucketPath) = location.base
        let path = bucketPath + "/" + PercentCoding.encode(key, keeping: "-._~/")
        let signature = RequestSignature(
            method: method, path: path, query: query,
            headers: headers.filter { Self.isSigned($0.0) } + [("host", host)],
            payloadHash: ContentHash.hex(body), region: location.region)
        let search = signature.canonicalQuery
        return HTTPTransfer(
            url: origin + path + (search.isEmpty ? "" : "?\(search)"), method: method,
            headers: headers + signature.headers(by: credentials, at: now), body: body,
            // 8 MiB in the time that a slow line of 1 Mbit/s takes.
            deadline: .seconds(70), connectDeadline: .seconds(5), maxBody: maxBody,
            idleDeadline: idle, tls: tls, usesEnvironmentProxy: true)
    }
}

extension BucketFault {
    /// The fault that a store's answer without success means.
    init(_ reply: HTTPReply, place: String, now: Timestamp) {
        let values = XMLValues.read(reply.body, ["Code", "Message", "Region"])
        let code = values["Code"].map { " \($0)" } ?? ""
        let message = values["Message"].map { ": \($0)" } ?? ""
        var words = InertText.line("HTTP status \(reply.status)\(code)\(message)", limit: 300)
        if values["Code"] == "RequestTimeTooSkewed", let date = reply.header("date") {
            words += InertText.line(
                "; the store's clock shows \(date), this machine's \(now.rfc3339)", limit: 100)
        }
        if let region = reply.header("x-amz-bucket-region") ?? values["Region"],
            Self.isElsewhere(reply.status, values["Code"])
        {
            words += InertText.line("; the bucket is in the region \(region)", limit: 100)
        }
        let kind: Kind =
            switch (reply.status, values["Code"] ?? "") {
            // AWS refuses a token with 400 ("Error responses", Amazon S3 API Reference).
            case (401, _), (403, _), (400, "ExpiredToken"), (400, "InvalidToken"),
                (400, "TokenRefreshRequired"):
                .denied
            case (404, "NoSuchKey"): .missing
            case (404, "NoSuchUpload"): .refused
            case (404, _): .noBucket
            case (412, _): .taken
            case (408, _), (429, _), (500, _), (502, _), (503, _), (504, _): .busy
            case (300..<400, _): .answer
            default: .refused
            }
        self.init(kind, place: place, words: words)
    }

    /// Whether an answer says that the bucket is in another region. A redirect is not followed: the
    /// signature is for one host and one region.
    private static func isElsewhere(_ status: Int, _ code: String?) -> Bool {
        (300..<400).contains(status) || code == "AuthorizationHeaderMalformed"
            || code == "IllegalLocationConstraintException"
    }

    init(_ error: TransferError, place: String) {
        let kind: Kind =
            switch error.kind {
            case .cancelled: .cancelled
            case .invalid: .invalid
            case .protocolFault, .tooLarge: .answer
            default: .unreachable
            }
        self.init(kind, place: place, words: "\(error)")
    }
}
