import Foundation

/// A real SMTP server (aiosmtpd) that records accepted messages.
public final class SMTPDouble: Sendable {
    public enum Security: String, Sendable { case none, starttls, implicit }

    public struct Message: Sendable, Decodable {
        public let from: String
        public let recipients: [String]
        /// Identifies the TCP connection.
        public let session: Int
        public let tls: Bool
        public let login: String
        /// The name of the greeting.
        public let hello: String
        /// The user name of AUTH; empty without authentication.
        public let mechanism: String
        /// The parameters of MAIL.
        public let options: [String]
        /// The message's bytes as Latin-1 characters.
        public let data: String
    }

    public struct Script: Sendable, Encodable {
        /// The replies to the n-th RCPT of an address; the last repeats, nil accepts.
        public var recipients: [String: [String?]] = [:]
        public var senders: [String: String] = [:]
        /// The replies to the n-th message; nil accepts, as do all further messages.
        public var data: [String?] = []

        public init(
            recipients: [String: [String?]] = [:], senders: [String: String] = [:],
            data: [String?] = []
        ) {
            self.recipients = recipients
            self.senders = senders
            self.data = data
        }
    }

    private let double: PythonDouble
    private let folder: TemporaryDirectory
    public let certificate: TestCertificate
    public let username: String
    public let password: String

    private init(
        _ double: PythonDouble, _ folder: TemporaryDirectory, _ certificate: TestCertificate,
        _ username: String, _ password: String
    ) {
        self.double = double
        self.folder = folder
        self.certificate = certificate
        self.username = username
        self.password = password
    }

    /// AUTH is required unless `username` is empty.
    ///
    /// - Parameters:
    ///   - mechanisms: The offered mechanisms; GSSAPI and NTLM refuse every credential.
    ///   - isStrict: Whether the greeting must be a fully-qualified name or an address literal.
    ///   - offersUTF8: Whether SMTPUTF8 is offered.
    public static func start(
        _ security: Security = .starttls, username: String = "bellwether",
        password: String = "s3kret-pässword", mechanisms: String = "LOGIN PLAIN",
        isStrict: Bool = false, offersUTF8: Bool = false, script: Script = Script()
    ) async throws -> SMTPDouble {
        let folder = try TemporaryDirectory("smtp")
        let certificate = try await TestCertificate.make(in: folder)
        try write(script, in: folder)
        var arguments = [
            "--folder", folder.path, "--security", security.rawValue, "--username", username,
            "--password", password, "--mechanisms", mechanisms,
        ]
        if isStrict { arguments.append("--strict") }
        if offersUTF8 { arguments.append("--utf8") }
        if security != .none {
            arguments += ["--certificate", certificate.certificate, "--key", certificate.key]
        }
        let double = try await PythonDouble.start("smtp_double.py", arguments)
        return SMTPDouble(double, folder, certificate, username, password)
    }

    public var port: Int { double.port }

    public func script(_ script: Script) throws { try Self.write(script, in: folder) }

    private static func write(_ script: Script, in folder: TemporaryDirectory) throws {
        try JSONEncoder().encode(script)
            .write(to: URL(fileURLWithPath: folder.file("script.json")), options: .atomic)
    }

    /// Everything accepted so far, in order.
    public func messages() throws -> [Message] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".json") && $0 != "script.json" }.sorted()
        return try names.map { name in
            let data = try Data(contentsOf: URL(fileURLWithPath: folder.file(name)))
            return try JSONDecoder().decode(Message.self, from: data)
        }
    }

    /// The number of connections.
    public func sessions() -> Int {
        let text = try? String(contentsOfFile: folder.file("sessions.txt"), encoding: .utf8)
        // The server reports a connection again after STARTTLS.
        return Set(text?.split(separator: "\n") ?? []).count
    }

    public func kill() { double.process.kill() }
}
