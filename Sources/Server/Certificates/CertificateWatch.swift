import Core
import Events
public import ServiceLifecycle
import Telemetry

/// Loads a server's renewed certificate, key and authority files without a signal.
///
/// Checks the files every ten seconds, including those of a mounted Secret, whose directory is
/// replaced as a whole. If new files cannot be used, for example because only one of a pair was
/// replaced, the old ones stay in use. The fault is reported if two checks in a row find the same
/// files.
public struct CertificateWatch: Service {
    static let pause = Duration.seconds(10)

    private let server: HTTPServer
    private let telemetry: Telemetry
    private let clock: any Clock<Duration>

    public init(
        _ server: HTTPServer, telemetry: Telemetry, clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.server = server
        self.telemetry = telemetry
        self.clock = clock
    }

    /// Checks the files until cancelled or shut down.
    public func run() async throws {
        try? await cancelWhenGracefulShutdown {
            var seen = Refusal()
            while true {
                try await clock.sleep(for: Self.pause)
                seen = await look(after: seen)
            }
        }
    }

    /// The files that the last check refused.
    struct Refusal: Sendable {
        var marks: TLSFileMarks?
        var isReported = false
    }

    /// Checks once.
    func look(after last: Refusal) async -> Refusal {
        await Self.executor.run { lookBlocking(after: last) }
    }

    private static let executor = BlockingExecutor("certificates")

    private func lookBlocking(after last: Refusal) -> Refusal {
        let marks = server.currentMarks
        guard marks != server.marksInForce else { return Refusal() }
        if last.isReported, last.marks == marks { return last }
        do throws(ServerError) {
            server.take(try server.prepareCertificates())
            telemetry.emit(CertificatesRenewed(expiry: server.certificateExpiry))
            return Refusal()
        } catch {
            // The second file of the pair may not be replaced yet.
            guard last.marks == marks else { return Refusal(marks: marks) }
            telemetry.emit(CertificatesRefused(fault: "\(error)"))
            return Refusal(marks: marks, isReported: true)
        }
    }
}

/// The marks of a server's certificate files, for change detection.
struct TLSFileMarks: Equatable, Sendable {
    private let certificate: FileMark?
    private let key: FileMark?
    private let authority: FileMark?

    /// Blocks to read from the disk.
    init(_ files: TLSFiles, authority: String) {
        certificate = FileMark(path: files.certificate)
        key = FileMark(path: files.key)
        self.authority = authority.isEmpty ? nil : FileMark(path: authority)
    }
}
