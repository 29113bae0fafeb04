/// A mail server that stops responding at one stage; see `smtp_stall.py`.
public final class StallingMailServer: Sendable {
    /// The stage at which the server stops.
    public enum Stage: String, Sendable, CaseIterable {
        case greeting
        case ehlo = "EHLO"
        case starttls = "STARTTLS"
        /// The server's side of the TLS handshake.
        case handshake
        case auth = "AUTH"
        case mail = "MAIL"
        case rcpt = "RCPT"
        case data = "DATA"
        /// The message is not read until there is another connection.
        case body
        /// The reply to the end of the message.
        case dot
        case quit = "QUIT"
    }

    private let double: PythonDouble
    private let folder: TemporaryDirectory
    public let certificate: TestCertificate
    public let stage: Stage

    private init(
        _ double: PythonDouble, _ folder: TemporaryDirectory, _ certificate: TestCertificate,
        _ stage: Stage
    ) {
        self.double = double
        self.folder = folder
        self.certificate = certificate
        self.stage = stage
    }

    /// - Parameters:
    ///   - drip: Sends one byte of an endless reply now and then instead of nothing.
    ///   - refuses: Replies 550 to the sender, so that a client continues with QUIT.
    public static func start(
        _ stage: Stage, tls: Bool = true, drip: Bool = false, refuses: Bool = false
    ) async throws -> StallingMailServer {
        let folder = try TemporaryDirectory("stall")
        let certificate = try await TestCertificate.make(in: folder)
        var arguments = [stage.rawValue]
        if tls {
            arguments += [
                "--auth", "--certificate", certificate.certificate, "--key", certificate.key,
            ]
        }
        if drip { arguments.append("--drip") }
        if refuses { arguments.append("--refuse") }
        let double = try await PythonDouble.start("smtp_stall.py", arguments)
        return StallingMailServer(double, folder, certificate, stage)
    }

    public var port: Int { double.port }

    /// The number of conversations that reached the stage.
    public var stalls: Int { lines.count { $0 == "stalled" } }

    /// The last bytes received after the stage was reached, for each conversation that the client
    /// has closed; a Python literal.
    public var received: [String] {
        lines.filter { $0.hasPrefix("ended ") }.map { String($0.dropFirst(6)) }
    }

    private var lines: [Substring] { double.process.output.split(separator: "\n") }
}
