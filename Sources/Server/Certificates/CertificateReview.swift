public import Events
import NIOSSL

/// All faults of a certificate's files.
public struct CertificateReview: Sendable {
    /// Why the files cannot be used.
    public private(set) var faults: [ServerError] = []
    /// Faults of usable files that peers reject: expired, or not valid yet.
    public private(set) var refused: [ServerError] = []
    /// Usable certificates that expire soon. `check` fails for them; a start and a reload do not.
    public private(set) var expiring: [ServerError] = []
    /// Faults that matter to some peers only.
    public private(set) var warnings: [ServerError] = []

    /// The certificates and the key, as far as they could be read.
    private(set) var chain: [NIOSSLCertificate] = []
    private(set) var key: NIOSSLPrivateKey?

    /// A certificate is reported in its last 14 days, a short-lived one in its last third.
    private static let soon = Duration.seconds(14 * 86_400)

    private init() {}

    /// All faults combined into one error; nil if there are none.
    var fault: ServerError? {
        guard let first = faults.first else { return nil }
        let others = faults.dropFirst().map { "; \($0)" }.joined()
        return ServerError(place: first.place, fault: first.fault, remedy: first.remedy + others)
    }

    /// Reviews a certificate with its chain, and its key. Blocks to read the files.
    ///
    /// - Parameter byLibcurl: Whether libcurl reads the files. It needs text without a byte order
    ///   mark.
    public static func pair(
        _ files: TLSFiles, at now: Timestamp, byLibcurl: Bool = false
    ) -> CertificateReview {
        var review = CertificateReview()
        review.readChain(files.certificate, byLibcurl)
        review.readKey(files.key, byLibcurl)
        review.checkPair(files)
        review.checkOrder(files.certificate)
        for (index, certificate) in review.chain.enumerated() {
            review.checkTimes(certificate, index, files.certificate, now)
        }
        return review
    }

    /// Reviews certificates of authorities. Blocks to read the file.
    public static func authorities(
        _ path: String, at now: Timestamp, byLibcurl: Bool = false
    ) -> CertificateReview {
        var review = CertificateReview()
        review.readChain(path, byLibcurl)
        let over = review.chain.filter { Int64($0.notValidAfter) *| 1000 <= now.milliseconds }
        guard !over.isEmpty else { return review }
        let fault = ServerError(
            place: path,
            fault: "\(over.count) of its \(review.chain.count) certificates expired",
            remedy: "remove what is over, and add its successor")
        if over.count == review.chain.count {
            review.refused.append(fault)
        } else {
            review.warnings.append(fault)
        }
        return review
    }

    /// Whether the first certificate is within its validity period at `now`.
    func isAccepted(at now: Timestamp) -> Bool {
        guard let leaf = chain.first else { return false }
        return Int64(leaf.notValidBefore) *| 1000 <= now.milliseconds
            && now.milliseconds < Int64(leaf.notValidAfter) *| 1000
    }

    // MARK: - Files

    private mutating func read(_ path: String, _ byLibcurl: Bool) -> PEMFile? {
        do throws(ServerError) {
            let file = try PEMFile(reading: path)
            if byLibcurl, file.hasMark {
                add(path, "begins with a byte order mark", "save it as UTF-8 without one")
            }
            return file
        } catch {
            faults.append(error)
            return nil
        }
    }

    private mutating func add(_ path: String, _ fault: String, _ remedy: String) {
        faults.append(ServerError(place: path, fault: fault, remedy: remedy))
    }

    private mutating func readChain(_ path: String, _ byLibcurl: Bool) {
        guard let file = read(path, byLibcurl) else { return }
        guard file.hasCertificate else {
            return add(
                path, file.hasKey ? "holds a key, no certificate" : "holds no certificate",
                "give a PEM file with -----BEGIN CERTIFICATE-----")
        }
        do { chain = try NIOSSLCertificate.fromPEMBytes(file.bytes) } catch {
            add(
                path, "holds no readable PEM certificate (\(error))",
                "copy the file again: a line of it is missing or changed")
        }
    }

    private mutating func readKey(_ path: String, _ byLibcurl: Bool) {
        guard let file = read(path, byLibcurl) else { return }
        if file.isEncrypted {
            return add(
                path, "is encrypted",
                "remove the passphrase: openssl pkey -in \(path) -out NEW, and keep NEW readable for the service alone"
            )
        }
        guard file.hasKey else {
            return add(
                path, file.hasCertificate ? "holds a certificate, no key" : "holds no key",
                "give a PEM file with -----BEGIN PRIVATE KEY-----")
        }
        do { key = try NIOSSLPrivateKey(bytes: file.bytes, format: .pem) } catch {
            add(
                path, "holds no readable PEM key (\(error))",
                "copy the file again: a line of it is missing or changed")
        }
    }

    // MARK: - Checks

    private mutating func checkPair(_ files: TLSFiles) {
        guard let key, let leaf = chain.first, !Self.fits(leaf, key) else { return }
        if let index = chain.firstIndex(where: { Self.fits($0, key) }) {
            add(
                files.certificate,
                "its order is wrong: the key in \(files.key) belongs to certificate \(index + 1) of \(chain.count)",
                "put that one first, then the authority that signed it, and so on")
        } else {
            add(
                files.key,
                "is the key of none of the \(chain.count) certificates in \(files.certificate)",
                "give the key that the first certificate was made for")
        }
    }

    /// Whether a key is the one that a certificate was made for.
    static func fits(_ certificate: NIOSSLCertificate, _ key: NIOSSLPrivateKey) -> Bool {
        let configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: [.certificate(certificate)], privateKey: .privateKey(key))
        return (try? NIOSSLContext(configuration: configuration)) != nil
    }

    /// Checks the order above the leaf. `checkPair` checks that the leaf is first.
    private mutating func checkOrder(_ path: String) {
        let parsed = chain.compactMap { X509Certificate($0) }
        guard faults.isEmpty, parsed.count == chain.count else { return }
        for (index, (lower, upper)) in zip(parsed, parsed.dropFirst()).enumerated()
        where !lower.isIssued(by: upper) {
            warnings.append(
                ServerError(
                    place: path,
                    fault: "certificate \(index + 2) did not sign certificate \(index + 1)",
                    remedy: "order the file from the leaf up, or some clients find no chain"))
            return
        }
    }

    private mutating func checkTimes(
        _ certificate: NIOSSLCertificate, _ index: Int, _ path: String, _ now: Timestamp
    ) {
        let which = chain.count == 1 ? "" : "certificate \(index + 1) "
        let begin = Timestamp(milliseconds: Int64(certificate.notValidBefore) *| 1000)
        let end = Timestamp(milliseconds: Int64(certificate.notValidAfter) *| 1000)
        func note(_ words: String, _ remedy: String) -> ServerError {
            ServerError(place: path, fault: which + words, remedy: remedy)
        }
        if end <= now {
            refused.append(note("expired at \(end.rfc3339)", "renew it: clients refuse it"))
        } else if now < begin {
            refused.append(
                note(
                    "is not valid before \(begin.rfc3339)",
                    "check this machine's clock, or wait: clients refuse it until then"))
        } else if end - now < min(Self.soon, (end - begin) / 3) {
            expiring.append(note("expires at \(end.rfc3339)", "renew it before then"))
        }
    }
}
