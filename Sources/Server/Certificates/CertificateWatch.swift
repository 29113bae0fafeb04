import Dispatch
import Events
public import ServiceLifecycle
import Telemetry

/// Takes up renewed certificates, keys and authorities of a server without a signal.
///
/// Looks at the files every ten seconds; a mounted Secret, whose folder is replaced as a whole,
/// is seen as well. New files that cannot be used, also while only one of a pair was replaced,
/// leave the old ones in force; they are reported once they stay so over two looks.
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

    /// Looks until cancelled or shut down.
    public func run() async throws {
        try? await cancelWhenGracefulShutdown {
            var seen = Refusal()
            while true {
                try await clock.sleep(for: Self.pause)
                seen = await look(after: seen)
            }
        }
    }

    /// What the last look refused.
    struct Refusal: Sendable {
        var marks: TLSFileMarks?
        var isReported = false
    }

    /// One look. Files are read off the cooperative pool.
    func look(after last: Refusal) async -> Refusal {
        await withCheckedContinuation { continuation in
            Self.queue.async { continuation.resume(returning: lookBlocking(after: last)) }
        }
    }

    private static let queue = DispatchQueue(label: "bellwether.certificates")

    private func lookBlocking(after last: Refusal) -> Refusal {
        let marks = server.currentMarks
        guard marks != server.marksInForce else { return Refusal() }
        if last.isReported, last.marks == marks { return last }
        do throws(ServerError) {
            server.take(try server.prepareCertificates())
            telemetry.emit(CertificatesRenewed(expiry: server.certificateExpiry))
            return Refusal()
        } catch {
            // The second file of a pair may be on its way.
            guard last.marks == marks else { return Refusal(marks: marks) }
            telemetry.emit(CertificatesRefused(fault: "\(error)"))
            return Refusal(marks: marks, isReported: true)
        }
    }
}

/// The state of a server's certificate files.
struct TLSFileMarks: Equatable, Sendable {
    private let certificate: FileMark?
    private let key: FileMark?
    private let authority: FileMark?

    /// Blocks for the disk.
    init(_ files: TLSFiles, authority: String) {
        certificate = FileMark(path: files.certificate)
        key = FileMark(path: files.key)
        self.authority = authority.isEmpty ? nil : FileMark(path: authority)
    }
}
