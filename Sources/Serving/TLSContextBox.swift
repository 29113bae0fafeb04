import Events
import NIOCore
import NIOSSL
import SwiftASN1
import Synchronization
import X509

/// The TLS context for the next handshake; replaced without touching open connections.
///
/// Thread-safe. A replacement is built whole before it is taken up: what cannot
/// be used leaves the old one in place.
final class TLSContextBox: Sendable {
    fileprivate struct Loaded {
        let context: NIOSSLContext
        let expiry: Timestamp?
        /// Those that clients' certificates come from.
        let authorities: [Certificate]
        /// Counts up whenever an authority is taken away.
        var trust = 0
    }

    /// What was read and can be used, to be taken up.
    struct Prepared: Sendable {
        fileprivate let loaded: Loaded
    }

    /// Of TLS 1.2, authenticated encryption with forward secrecy (RFC 9325 §4.2). TLS 1.3 has
    /// nothing else.
    private static let suites: [NIOTLSCipher] = [
        .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ]

    private let current: Mutex<Loaded>

    init(_ files: TLSFiles, clients: ClientCertificates) throws(ServingError) {
        current = Mutex(try Self.load(files, clients))
    }

    /// For the next handshake, and what `trusts` has to know of it.
    var context: (context: NIOSSLContext, trust: Int) {
        current.withLock { ($0.context, $0.trust) }
    }

    /// Whether the authorities in force vouch for a certificate that was verified at its
    /// handshake: where an authority was taken away since, one of those left must have signed it.
    func trusts(_ client: ClientCertificate) -> Bool {
        let (trust, authorities) = current.withLock { ($0.trust, $0.authorities) }
        return client.trust == trust || client.isSigned(byOneOf: authorities)
    }

    /// When the node's own certificate is over.
    var expiry: Timestamp? { current.withLock { $0.expiry } }

    /// Reads the files; changes nothing yet.
    static func prepare(
        _ files: TLSFiles, clients: ClientCertificates
    ) throws(ServingError) -> Prepared {
        Prepared(loaded: try load(files, clients))
    }

    /// Takes up what was read, for the next handshakes.
    func take(_ prepared: Prepared) {
        current.withLock { current in
            var new = prepared.loaded
            let isWider = Set(new.authorities).isSuperset(of: current.authorities)
            new.trust = current.trust + (isWider ? 0 : 1)
            current = new
        }
    }

    private static func load(
        _ files: TLSFiles, _ clients: ClientCertificates
    ) throws(ServingError) -> Loaded {
        let chain = try attempt(
            files.certificate, "holds no readable PEM certificate", "give a PEM file, leaf first"
        ) { try NIOSSLCertificate.fromPEMFile(files.certificate) }
        let key = try attempt(
            files.key, "holds no readable PEM key", "give the certificate's key, without passphrase"
        ) { try NIOSSLPrivateKey(file: files.key, format: .pem) }

        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.cipherSuiteValues = Self.suites
        configuration.applicationProtocols = ["h2", "http/1.1"]
        configuration.shutdownTimeout = .seconds(1)
        var authorityCertificates: [Certificate] = []
        if clients.demand != .token {
            let authorities = try attempt(
                clients.authority, "holds no readable PEM certificate",
                "give the authority that clients' certificates come from"
            ) { try NIOSSLCertificate.fromPEMFile(clients.authority) }
            configuration.trustRoots = .certificates(authorities)
            authorityCertificates = authorities.compactMap {
                (try? $0.toDERBytes()).flatMap { try? Certificate(derEncoded: $0) }
            }
            configuration.certificateVerification =
                clients.demand == .either ? .optionalVerification : .noHostnameVerification
        }
        let settings = configuration
        let context = try attempt(
            files.certificate, "does not go with \(files.key)",
            "give the key that the certificate was made for"
        ) { try NIOSSLContext(configuration: settings) }
        return Loaded(
            context: context,
            expiry: chain.first.map { Timestamp(milliseconds: Int64($0.notValidAfter) * 1000) },
            authorities: authorityCertificates)
    }

    private static func attempt<T>(
        _ place: String, _ fault: String, _ remedy: String, _ body: () throws -> T
    ) throws(ServingError) -> T {
        do { return try body() } catch {
            throw ServingError(place: place, fault: "\(fault) (\(error))", remedy: remedy)
        }
    }
}
