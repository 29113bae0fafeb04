public import Secrets

extension Settings {
    /// `forward`: how a gateway sends its events to the notifier.
    public struct Forward: Sendable, Equatable {
        /// The notifier's addresses, `https://host:port`, in the order in which they are tried;
        /// empty: this node is the notifier.
        public var to: [String] = []
        /// The bearer token, with the scope `ingest`.
        public var token = Secret.unset
        /// PEM file of the notifier's certificate authority; empty: the system's.
        public var caFile = ""
        /// The most lines in one request.
        public var batchLines = 1000
        /// The most bytes in one request.
        public var batchBytes = 1 << 20
        /// Whether requests are compressed with gzip.
        public var compress = false
        /// How long the last lines of the log wait for more.
        public var linger = Duration.zero
        /// The timeout of one request.
        public var timeout = Duration.seconds(10)
        /// The pause after the first failure; it doubles after each further one.
        public var retryInitial = Duration.milliseconds(200)
        /// The longest pause between attempts.
        public var retryCeiling = Duration.seconds(30)

        public init() {}
    }
}

extension Settings.Forward {
    init(reading r: MappingReader) {
        self.init()
        to = r.webAddresses(
            "to", schemes: ["https", "http"], atMost: Self.mostAddresses,
            credentials: "leave it out: the credential is token_file: PATH")
        token = r.secret("token")
        caFile = r.file("ca_file")
        batchLines = r.integer("batch_lines", batchLines, in: 1...100_000)
        batchBytes = r.size("batch_bytes", batchBytes, in: (64 << 10)...(8 << 20))
        compress = r.flag("compress", compress)
        linger = r.duration("linger", linger, in: .zero...(.seconds(60)))
        timeout = r.duration("timeout", timeout, in: .milliseconds(100)...(.seconds(600)))
        retryInitial = r.duration(
            "retry_initial", retryInitial, in: .milliseconds(10)...(.seconds(60)))
        retryCeiling = r.duration(
            "retry_ceiling", retryCeiling, in: .milliseconds(10)...(.seconds(3600)))
        if retryCeiling < retryInitial {
            r.fault("retry_ceiling", "shorter than retry_initial", "make it the longest pause")
        }
        let addresses = to.compactMap { try? WebAddress($0, schemes: ["https", "http"]) }
        if addresses.contains(where: { !["", "/"].contains($0.rest) }) {
            r.fault("to", "has a path", "write https://host:port, the path is known")
        }
        if addresses.contains(where: { $0.scheme == "http" && !$0.isLoopback }) {
            r.warn("to", "the token and all events travel in the clear", "write https")
        }
        if !addresses.isEmpty, !token.isSet {
            r.warn("to", "without token_file the notifier will refuse", "name a token's file")
        }
        to = to.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
        if Set(to).count < to.count {
            r.fault("to", "names an address twice", "name each notifier once")
        }
        r.finish()
    }

    /// The maximum number of addresses.
    private static let mostAddresses = 8
}
