import Events
import Transfer

/// One HTTP address that a probe asks. Thread-safe.
struct Upstream: Sendable {
    let source: HTTPSource
    private let engine: TransferEngine
    private let lane: BlockingLane

    init(_ name: String, _ source: HTTPSource, _ engine: TransferEngine) {
        self.source = source
        self.engine = engine
        self.lane = BlockingLane(name)
    }

    /// The answer, whatever its status.
    func reply(within allowance: Duration) async throws(Absence) -> HTTPReply {
        let headers = try await lane.run { [source] in source.readHeaders() }.get()
        let transfer = HTTPTransfer(
            url: source.url, method: source.method, headers: headers, body: source.body,
            deadline: allowance, connectDeadline: allowance, maxBody: source.maxBody,
            tls: source.tls)
        do throws(TransferError) {
            return try await engine.http(transfer)
        } catch {
            throw Absence(error)
        }
    }

    /// The body of an answer with one of the expected statuses.
    func body(within allowance: Duration) async throws(Absence) -> [UInt8] {
        let reply = try await reply(within: allowance)
        guard source.accepts(reply.status) else {
            throw Absence(.badStatus, "status \(reply.status)")
        }
        return reply.body
    }
}

extension HTTPSource {
    /// Reads the secrets; may block on a file.
    fileprivate func readHeaders() -> Result<[(String, String)], Absence> {
        var read: [(String, String)] = []
        for header in headers {
            do throws(SecretError) {
                read.append((header.name, header.prefix + (try header.value.read())))
            } catch {
                return .failure(Absence(.fault, "header \(header.name): \(error)"))
            }
        }
        return .success(read)
    }
}

extension Absence {
    /// What a failed transfer means for a probe. The words name host and port only.
    init(_ error: TransferError) {
        let reason: AbsenceReason =
            switch error.kind {
            case .resolve: .unresolved
            case .refused, .unreachable: .refused
            case .connectTimeout, .timeout: .timeout
            case .tls: .tls
            case .tooLarge: .tooLarge
            case .closed, .protocolFault: .garbage
            case .cancelled: .cancelled
            case .invalid, .internalFault: .fault
            }
        self.init(reason, "\(error.target): \(error.words)")
    }
}
