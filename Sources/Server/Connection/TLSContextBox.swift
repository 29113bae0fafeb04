import Events
import NIOCore
import NIOSSL
import Synchronization

/// Holds the TLS context for new handshakes. Replacing it does not affect open connections.
///
/// Thread-safe. A replacement is built completely before it is used; if that fails the old one
/// stays.
final class TLSContextBox: Sendable {
    fileprivate struct Loaded {
        let context: NIOSSLContext
        let expiry: Timestamp?
        /// The marks of the files, taken before they were read.
        let marks: TLSFileMarks
        /// Faults of the files that do not prevent their use.
        let review: CertificateReview
        /// The authorities that issue client certificates.
        let authorities: [X509Certificate]
        /// Incremented whenever an authority is removed.
        var trust = 0
    }

    /// A context that was read and checked, ready for `take`.
    struct Prepared: Sendable {
        fileprivate let loaded: Loaded
    }

    /// TLS 1.2 suites with authenticated encryption and forward secrecy (RFC 9325 §4.2). TLS 1.3
    /// has no others.
    private static let suites: [NIOTLSCipher] = [
        .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ]

    private let current: Mutex<Loaded>
    private let clock: WallClock

    init(
        _ files: TLSFiles, clients: ClientCertificates, clock: WallClock = .system
    ) throws(ServerError) {
        self.clock = clock
        current = Mutex(try Self.load(files, clients, at: clock.now))
    }

    /// The context for the next handshake, and the trust number that `trusts` compares.
    var context: (context: NIOSSLContext, trust: Int) {
        current.withLock { ($0.context, $0.trust) }
    }

    /// Whether a certificate that was verified at its handshake is still trusted. If an authority
    /// was removed since, one of the remaining ones must have signed it.
    func trusts(_ client: ClientCertificate) -> Bool {
        let (trust, authorities) = current.withLock { ($0.trust, $0.authorities) }
        return client.trust == trust || client.isSigned(byOneOf: authorities)
    }

    /// When the node's own certificate becomes valid, and when it expires.
    var begin: Timestamp? {
        current.withLock { $0.review.chain.first }.map {
            Timestamp(milliseconds: Int64($0.notValidBefore) *| 1000)
        }
    }
    var expiry: Timestamp? { current.withLock { $0.expiry } }

    /// The review of the certificate in use.
    var review: CertificateReview { current.withLock { $0.review } }

    /// The marks of the files in use, taken before they were read.
    var marks: TLSFileMarks { current.withLock { $0.marks } }

    /// Reads and checks the files without using them yet. Blocks to read them.
    ///
    /// - Throws: Why the files cannot be used. An expired or not yet valid certificate is refused
    ///   too, unless the one in use is itself not valid now.
    func prepare(
        _ files: TLSFiles, clients: ClientCertificates
    ) throws(ServerError) -> Prepared {
        let now = clock.now
        let loaded = try Self.load(files, clients, at: now)
        if let refused = loaded.review.refused.first, review.isAccepted(at: now) { throw refused }
        return Prepared(loaded: loaded)
    }

    /// Uses the prepared context for new handshakes.
    func take(_ prepared: Prepared) {
        current.withLock { current in
            var new = prepared.loaded
            let isWider = Set(new.authorities).isSuperset(of: current.authorities)
            new.trust = current.trust + (isWider ? 0 : 1)
            current = new
        }
    }

    private static func load(
        _ files: TLSFiles, _ clients: ClientCertificates, at now: Timestamp
    ) throws(ServerError) -> Loaded {
        let needsAuthority = clients.demand != .token
        // The marks are taken first, so that a change during the read causes another read.
        let marks = TLSFileMarks(files, authority: needsAuthority ? clients.authority : "")
        let review = CertificateReview.pair(files, at: now)
        if let fault = review.fault { throw fault }
        guard let key = review.key else {
            throw ServerError(
                place: files.key, fault: "holds no readable PEM key",
                remedy: "give the certificate's key, without passphrase")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: review.chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.cipherSuiteValues = Self.suites
        configuration.applicationProtocols = ["h2", "http/1.1"]
        configuration.shutdownTimeout = .seconds(1)
        var authorityCertificates: [X509Certificate] = []
        if needsAuthority {
            let authorities = CertificateReview.authorities(clients.authority, at: now)
            if let fault = authorities.fault { throw fault }
            configuration.trustRoots = .certificates(authorities.chain)
            authorityCertificates = authorities.chain.compactMap { X509Certificate($0) }
            configuration.certificateVerification =
                clients.demand == .either ? .optionalVerification : .noHostnameVerification
        }
        let settings = configuration
        let context = try attempt(
            files.certificate, "cannot be used with \(files.key)",
            "give the key that the certificate was made for"
        ) { try NIOSSLContext(configuration: settings) }
        return Loaded(
            context: context,
            expiry: review.chain.first.map {
                Timestamp(milliseconds: Int64($0.notValidAfter) *| 1000)
            },
            marks: marks, review: review, authorities: authorityCertificates)
    }

    private static func attempt<T>(
        _ place: String, _ fault: String, _ remedy: String, _ body: () throws -> T
    ) throws(ServerError) -> T {
        do { return try body() } catch {
            throw ServerError(place: place, fault: "\(fault) (\(error))", remedy: remedy)
        }
    }
}
