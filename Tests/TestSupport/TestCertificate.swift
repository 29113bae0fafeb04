/// A self-signed certificate for `localhost` and `127.0.0.1`, created by `openssl`.
public struct TestCertificate: Sendable {
    /// PEM files; the certificate is its own authority.
    public let certificate: String
    public let key: String

    /// Creates the two files in `folder`, for other names if given.
    public static func make(
        in folder: TemporaryDirectory, name: String = "server",
        names: String = "DNS:localhost,IP:127.0.0.1", days: Int = 2
    ) async throws -> TestCertificate {
        let made = TestCertificate(
            certificate: folder.file("\(name).pem"), key: folder.file("\(name).key"))
        let openssl = try ChildProcess(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-days", "\(days)", "-subj", "/CN=bellwether test", "-addext",
                "subjectAltName=\(names)", "-keyout", made.key, "-out", made.certificate,
            ])
        guard try await openssl.waitForExit() == .code(0) else {
            throw ChildProcess.SpawnError(description: "openssl: \(openssl.errors)")
        }
        return made
    }
}
