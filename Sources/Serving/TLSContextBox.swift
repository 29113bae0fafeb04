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
    private struct Loaded {
        let context: NIOSSLContext
        let expiry: Timestamp?
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

    var context: NIOSSLContext { current.withLock { $0.context } }

    /// When the node's own certificate is over.
    var expiry: Timestamp? { current.withLock { $0.expiry } }

    func reload(_ files: TLSFiles, clients: ClientCertificates) throws(ServingError) {
        let loaded = try Self.load(files, clients)
        current.withLock { $0 = loaded }
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
        if clients.demand != .token {
            let authorities = try attempt(
                clients.authority, "holds no readable PEM certificate",
                "give the authority that clients' certificates come from"
            ) { try NIOSSLCertificate.fromPEMFile(clients.authority) }
            configuration.trustRoots = .certificates(authorities)
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
            expiry: chain.first.map { Timestamp(milliseconds: Int64($0.notValidAfter) * 1000) })
    }

    private static func attempt<T>(
        _ place: String, _ fault: String, _ remedy: String, _ body: () throws -> T
    ) throws(ServingError) -> T {
        do { return try body() } catch {
            throw ServingError(place: place, fault: "\(fault) (\(error))", remedy: remedy)
        }
    }
}

extension NIOSSLCertificate {
    /// DNS and URI subject alternative names, as written.
    var subjectNames: [String] {
        guard let der = try? toDERBytes(), let certificate = try? Certificate(derEncoded: der),
            let names = try? certificate.extensions.subjectAlternativeNames
        else { return [] }
        return names.compactMap { name in
            switch name {
            case .dnsName(let name): name
            case .uniformResourceIdentifier(let uri): uri
            default: nil
            }
        }
    }
}
