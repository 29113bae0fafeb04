import Core
public import Secrets

extension Settings {
    /// `bucket`: the object store with a copy of the log and its archives.
    public struct Bucket: Sendable, Equatable {
        /// Where the credentials of requests come from.
        public enum Credentials: Sendable, Equatable {
            /// Environment, web identity, shared file, container, instance: the first that has any.
            case automatic
            case keys(access: Secret, secret: Secret)
        }

        /// `s3://BUCKET/PREFIX`. Each node needs its own prefix.
        public var url = ""
        public var region = "us-east-1"
        /// The origin of a store other than AWS; empty: AWS.
        public var endpoint = ""
        /// PEM file of the store's certificate authority; empty: the system's.
        public var caFile = ""
        public var credentials = Credentials.automatic
        /// How long new lines wait for others before they are copied.
        public var ship = Duration.seconds(1)
        /// Archives in the bucket that are older are removed.
        public var keep = Duration.seconds(90 * 86_400)

        public init() {}
    }
}

extension Settings.Bucket {
    init(reading r: MappingReader) {
        self.init()
        url = r.line("url", "")
        if url.isEmpty {
            if !r.context.hasFault(at: r.path("url")) {
                r.lacks("url is missing", "name bucket and prefix, like s3://acme-bellwether/prod")
            }
        } else if !url.hasPrefix("s3://") {
            r.fault(
                "url", "\(InertText.quoted(ShownText.url(url))) is not s3://BUCKET/PREFIX",
                "write s3://acme-bellwether/prod; the address of the store is endpoint")
        }
        region = r.line("region", region)
        endpoint = r.webAddress(
            "endpoint", r.expanded("endpoint", ""), schemes: ["https", "http"],
            credentials: "leave it out: the credentials are in credentials")
        if endpoint.hasSuffix("/") { endpoint.removeLast() }
        if let address = try? WebAddress(endpoint, schemes: ["https", "http"]) {
            if !address.rest.isEmpty {
                r.fault("endpoint", "has a path", "write https://host:port")
            }
            if address.scheme == "http", !address.isLoopback {
                r.warn("endpoint", "all events travel in the clear", "write https")
            }
        }
        caFile = r.file("ca_file")
        credentials = Self.credentials(r)
        ship = r.duration("ship", ship, in: .milliseconds(100)...(.seconds(3600)))
        keep = r.duration("keep", keep, in: .seconds(3600)...(.seconds(10 * 366 * 86_400)))
        r.finish()
    }

    private static func credentials(_ r: MappingReader) -> Credentials {
        r.declare("credentials", "word or mapping", standard: "auto")
        switch r.value("credentials") {
        case nil, .empty, .text("auto"): return .automatic
        case .text(let text):
            r.fault(
                "credentials", "\(InertText.quoted(ShownText.url(text))) is not auto",
                "write auto, or {access_key_file: PATH, secret_key_file: PATH}")
            return .automatic
        default: break
        }
        let keys = r.mapping("credentials")
        // The id of an access key is no secret.
        let access = keys.secret("access_key", isPublic: { _ in true })
        let secret = keys.secret("secret_key")
        for (name, key) in [("access_key", access), ("secret_key", secret)]
        where !key.isSet && !r.context.hasFault(within: r.path("credentials")) {
            keys.lacks(
                "\(name)_file is missing",
                "name both access_key_file and secret_key_file, or write auto")
        }
        keys.finish()
        return .keys(access: access, secret: secret)
    }
}
