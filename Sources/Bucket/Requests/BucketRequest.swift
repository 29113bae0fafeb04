import Core
import Crypto
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

    /// What the request is for, without the query, which holds nothing that people need.
    func place(_ location: BucketLocation) -> String {
        "\(method) s3://\(location.bucket)" + (key.isEmpty ? "" : "/\(key)")
    }

    /// The MD5 of a body, as stores compare it with what they received (RFC 1864).
    static func checksum(_ body: [UInt8]) -> (String, String) {
        ("Content-MD5", Base64.encode(Insecure.MD5.hash(data: body)))
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
        let path = bucketPath + "/" + URLEncoding.path(key)
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
    /// A store's answer that is no success.
    init(_ reply: HTTPReply, place: String, now: Timestamp) {
        let values = XMLValues.read(reply.body, ["Code", "Message"])
        let code = values["Code"].map { " \($0)" } ?? ""
        let message = values["Message"].map { ": \($0)" } ?? ""
        var words = "HTTP status \(reply.status)\(code)\(message)".printableLine(atMost: 300)
        if values["Code"] == "RequestTimeTooSkewed", let date = reply.header("date") {
            words += "; the store's clock shows \(date), this machine's \(now.rfc3339)"
                .printableLine(atMost: 100)
        }
        let kind: Kind =
            switch reply.status {
            case 401, 403: .denied
            case 404: .missing
            case 412: .taken
            case 408, 429, 500, 502, 503, 504: .busy
            case 300..<400: .answer
            default: .refused
            }
        self.init(kind, place: place, words: words)
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
