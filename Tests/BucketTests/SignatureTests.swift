import Core
import Events
import Testing

@testable import Bucket

/// The examples of "Authenticating Requests: Using the Authorization Header" in the Amazon S3 API
/// Reference.
@Suite("Request signatures")
struct SignatureTests {
    struct Example: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let method: String
        let path: String
        var query: [(String, String)] = []
        var headers: [(String, String)] = []
        var body = ""
        let signed: String
        let signature: String
    }

    static let examples = [
        Example(
            testDescription: "GET a range", method: "GET", path: "/test.txt",
            headers: [("Range", "bytes=0-9")],
            signed: "host;range;x-amz-content-sha256;x-amz-date",
            signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        Example(
            testDescription: "PUT a key with a reserved character", method: "PUT",
            path: "/test$file.text",
            headers: [
                ("Date", "Fri, 24 May 2013 00:00:00 GMT"),
                ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ], body: "Welcome to Amazon S3.",
            signed: "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
            signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
        Example(
            testDescription: "a parameter without a value", method: "GET", path: "/",
            query: [("lifecycle", "")], signed: "host;x-amz-content-sha256;x-amz-date",
            signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        Example(
            testDescription: "parameters in another order", method: "GET", path: "/",
            query: [("prefix", "J"), ("max-keys", "2")],
            signed: "host;x-amz-content-sha256;x-amz-date",
            signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ]

    static let credentials = BucketCredentials(
        accessKey: "AKIAIOSFODNN7EXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")

    @Test("the published examples have the published signatures", arguments: examples)
    func published(example: Example) throws {
        let now = try #require(Timestamp(rfc3339: "2013-05-24T00:00:00Z"))
        let signature = RequestSignature(
            method: example.method, path: PercentCoding.encode(example.path, keeping: "-._~/"),
            query: example.query,
            headers: example.headers + [("Host", "examplebucket.s3.amazonaws.com")],
            payloadHash: ContentHash.hex(example.body.utf8), region: "us-east-1")
        let headers = signature.headers(by: Self.credentials, at: now)
        let authorization = headers.first { $0.0 == "Authorization" }?.1
        #expect(
            authorization
                == "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=\(example.signed),Signature=\(example.signature)"
        )
    }

    @Test("a session token is sent and signed")
    func sessionToken() throws {
        let now = try #require(Timestamp(rfc3339: "2013-05-24T00:00:00Z"))
        let signature = RequestSignature(
            method: "GET", path: "/", query: [], headers: [("host", "h")],
            payloadHash: ContentHash.hex([]), region: "us-east-1")
        let headers = signature.headers(
            by: BucketCredentials(accessKey: "a", secretKey: "s", sessionToken: "t"), at: now)
        #expect(headers.contains { $0 == ("x-amz-security-token", "t") })
        #expect(headers.last?.1.contains(";x-amz-security-token,") == true)
    }

    @Test("credentials are never printed")
    func hidden() {
        let credentials = BucketCredentials(
            accessKey: "AKIA", secretKey: "hunter2", sessionToken: "token2")
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), dumped] {
            #expect(!text.contains("hunter2") && !text.contains("token2"))
        }
    }
}

@Suite("Bucket listings")
struct BucketListingTests {
    private func page(_ content: String) throws -> [String: Int] {
        let body = "<ListBucketResult><IsTruncated>false</IsTruncated>\(content)</ListBucketResult>"
        let page = try Bucket.page(Array(body.utf8), place: "GET s3://acme")
        return Dictionary(uniqueKeysWithValues: page.objects.map { ($0.key, $0.size) })
    }

    @Test("an object without a readable size is a fault and not left out")
    func sizes() throws {
        #expect(try page("<Contents><Key>a</Key><Size>3</Size></Contents>") == ["a": 3])
        for size in ["", "<Size></Size>", "<Size>-1</Size>", "<Size>1e3</Size>"] {
            let fault = #expect(throws: BucketFault.self, "\(size)") {
                try page("<Contents><Key>a</Key>\(size)</Contents>")
            }
            #expect(fault?.kind == .answer)
        }
    }
}

@Suite("Bucket locations")
struct BucketLocationTests {
    @Test("requests go to the host and path that the store expects")
    func base() throws {
        let plain = try BucketLocation(url: "s3://acme-bellwether/prod", region: "eu-west-1")
        #expect(plain.base.origin == "https://acme-bellwether.s3.eu-west-1.amazonaws.com")
        #expect(plain.base.path == "")
        #expect(plain.key("seg/1") == "prod/seg/1")
        let dotted = try BucketLocation(url: "s3://acme.example", region: "cn-north-1")
        #expect(dotted.base.origin == "https://s3.cn-north-1.amazonaws.com.cn")
        #expect(dotted.base.path == "/acme.example")
        #expect(dotted.key("seg/1") == "seg/1")
        let own = try BucketLocation(url: "s3://acme/a/b/", endpoint: "http://127.0.0.1:9000")
        #expect(own.base.host == "127.0.0.1:9000")
        #expect(own.base.path == "/acme")
        #expect(own.url == "s3://acme/a/b")
        // The header Host names no port that is the scheme's own; the signature covers it.
        for (endpoint, host) in [
            ("https://minio.example:443", "minio.example"), ("http://[::1]:80", "[::1]"),
            ("http://minio.example:443", "minio.example:443"),
        ] {
            #expect(try BucketLocation(url: "s3://acme", endpoint: endpoint).base.host == host)
        }
    }

    @Test(
        "a malformed location is refused",
        arguments: [
            "acme", "https://acme/x", "s3://", "s3://ab", "s3://ACME", "s3://-acme", "s3://acme//x",
            "s3://acme/../x", "s3://acme/a b", "s3://acme/a?b", "s3://acme/%41", "s3://acme/é",
        ])
    func malformed(url: String) {
        #expect(throws: BucketFault.self) { try BucketLocation(url: url) }
    }

    @Test(
        "an endpoint is an origin",
        arguments: ["127.0.0.1", "ftp://h", "https://", "https://h/x", "https://user@h"])
    func endpoints(endpoint: String) {
        #expect(throws: BucketFault.self) {
            try BucketLocation(url: "s3://acme", endpoint: endpoint)
        }
    }
}
