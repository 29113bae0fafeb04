import Core

extension Settings {
    /// `listen`: the node's address, TLS and limits.
    public struct Listen: Sendable, Equatable {
        /// `host:port`; with port 0, the system chooses one.
        public var address = "127.0.0.1:8443"
        /// The parsed `address`; nil if it is invalid.
        public var endpoint: ListenEndpoint? { try? ListenEndpoint(address) }
        /// Accepted host names; empty: any.
        public var hosts: [String] = []
        public var tls = TLS()
        public var limits = Limits()

        public init() {}
    }

    /// `listen.tls`: the server certificate and the authentication of clients.
    public struct TLS: Sendable, Equatable {
        /// The credentials that a client must present.
        public enum Clients: String, Sendable, CaseIterable {
            /// A token; no client certificate is requested.
            case token
            /// A token or a client certificate.
            case either
            case certificate
            case both
        }

        /// PEM files. Both empty: a self-signed certificate, stored in the data folder.
        public var certificate = ""
        public var key = ""
        /// PEM file of the authorities for client certificates; empty: none.
        public var clientCA = ""
        /// Subject alternative names, one of which must match; empty: any.
        public var clientNames: [String] = []
        /// The default without the key is `token`, or `either` if `client_ca` is set.
        public var clients = Clients.token
        /// The `max-age` of HTTP Strict Transport Security; zero: the header is not sent. Never
        /// sent with the self-signed certificate.
        public var hsts = Duration.seconds(365 * 86400)

        public init() {}
    }

    /// `listen.limits`: limits for slow, large and many clients.
    public struct Limits: Sendable, Equatable {
        public var maxConnections = 1024
        /// Per client address (an IPv6 /64); 0: half of `maxConnections`.
        public var maxConnectionsPerPeer = 0
        /// In bytes, for all header fields of a request.
        public var maxHeader = 32 << 10
        /// In bytes, for request bodies without a limit of their own, such as measurements.
        public var maxBody = 64 << 10
        /// In bytes, for a batch of events or OTLP logs, compressed and decompressed.
        public var maxIngestBody = 8 << 20
        /// Bytes that all clients together can occupy; at least four times `maxIngestBody`.
        /// Default: 64 MiB, or that minimum if it is larger.
        public var maxMemory = 64 << 20
        /// Concurrent event streams (API followers and status pages); one credential can use half.
        public var maxStreams = 64
        /// Concurrent reads of the log or the state file; one credential can use half.
        public var maxQueries = 8
        /// Measurements per credential and series: a rate per second after a burst. Beyond it, the
        /// caller gets the frozen verdict.
        public var measurementsPerSecond = 5
        public var measurementsBurst = 20
        /// From accepting a connection to the end of the first request's header.
        public var headerTimeout = Duration.seconds(10)
        /// From the end of a request's header to the end of its body.
        public var requestDeadline = Duration.seconds(15)
        /// From a response to the next request on the same connection.
        public var idleTimeout = Duration.seconds(75)
        /// How long open connections may last after SIGTERM.
        public var drainDeadline = Duration.seconds(20)

        public init() {}
    }
}

extension Settings.Listen {
    init(reading r: MappingReader) {
        self.init()
        address = r.expanded("address", address)
        do { _ = try ListenEndpoint(address) } catch {
            r.fault(
                "address", "\(InertText.quoted(address)) is not an address to listen on",
                error.remedy)
        }
        hosts = r.texts("hosts")
        for (index, host) in hosts.enumerated()
        where HostPort.split(host[...], portRequired: false) == nil || host.isEmpty {
            r.fault(
                "hosts[\(index)]", "\(InertText.quoted(host)) is not a host name",
                "write it without scheme")
        }
        tls = Settings.TLS(reading: r.mapping("tls"))
        limits = Settings.Limits(reading: r.mapping("limits"))
        r.finish()
    }
}

extension Settings.TLS {
    init(reading r: MappingReader) {
        self.init()
        certificate = r.file("certificate")
        key = r.plain("key", "")
        if !key.isEmpty { r.checkSecretFile(key, at: r.path("key")) }
        if certificate.isEmpty != key.isEmpty {
            let (given, missing) = key.isEmpty ? ("certificate", "key") : ("key", "certificate")
            r.fault(given, "given without \(missing)", "name both files, or neither")
        }
        clientCA = r.file("client_ca")
        clientNames = r.texts("client_names")
        clients = r.choice("clients", clientCA.isEmpty ? .token : .either)
        hsts = r.duration("hsts", hsts, in: .zero...(.seconds(2 * 365 * 86400)))
        if clientCA.isEmpty {
            if !clientNames.isEmpty {
                r.fault(
                    "client_names", "no certificate can be checked without client_ca",
                    "name the authority's file in client_ca")
            }
            if clients != .token {
                r.fault(
                    "clients", "\(clients.rawValue) needs client_ca",
                    "name the authority's file in client_ca, or write token")
            }
        } else if clients == .token {
            r.warn("clients", "client_ca is named but never used", "write either or both")
        }
        r.finish()
    }
}

extension Settings.Limits {
    init(reading r: MappingReader) {
        self.init()
        maxConnections = r.integer("max_connections", maxConnections, in: 1...1_000_000)
        maxConnectionsPerPeer = r.integer(
            "max_connections_per_peer", maxConnectionsPerPeer, in: 0...1_000_000)
        maxHeader = r.size("max_header", maxHeader, in: 4096...(1 << 20))
        maxBody = r.size("max_body", maxBody, in: 1024...(16 << 20))
        maxIngestBody = r.size("max_ingest_body", maxIngestBody, in: (64 << 10)...(256 << 20))
        maxMemory = r.size(
            "max_memory", max(maxMemory, 4 * maxIngestBody), in: (8 << 20)...(64 << 30))
        if maxMemory < 4 * maxIngestBody {
            r.fault(
                "max_memory", "is less than four event batches of max_ingest_body",
                "raise it to \(4 * maxIngestBody) or lower max_ingest_body")
        }
        maxStreams = r.integer("max_streams", maxStreams, in: 2...10_000)
        maxQueries = r.integer("max_queries", maxQueries, in: 2...1000)
        measurementsPerSecond = r.integer(
            "measurements_per_second", measurementsPerSecond, in: 1...1_000_000)
        measurementsBurst = r.integer("measurements_burst", measurementsBurst, in: 1...1_000_000)
        let span = Duration.milliseconds(100)...Duration.seconds(3600)
        headerTimeout = r.duration("header_timeout", headerTimeout, in: span)
        requestDeadline = r.duration("request_deadline", requestDeadline, in: span)
        idleTimeout = r.duration("idle_timeout", idleTimeout, in: span)
        drainDeadline = r.duration("drain_deadline", drainDeadline, in: span)
        r.finish()
    }
}
