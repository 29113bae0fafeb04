import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import Synchronization

/// A request's body: read once, and remembered as far as a refusal may tell it.
final class IncomingBody: Sendable {
    private struct State {
        var unread: RequestBody?
        /// Asks a client for the body that it holds back until then.
        var proceed: (@Sendable () -> Void)?
        /// What was read and understood: of it the beginning, at most `rememberedBytes`.
        var seen = Seen.buffer(ByteBuffer())
        /// For what was read; goes with the body.
        var memory: MemoryReservation?
    }

    private enum Seen {
        case buffer(ByteBuffer)
        case bytes([UInt8])

        var beginning: [UInt8] {
            switch self {
            case .buffer(let buffer): Array(buffer.readableBytesView.prefix(rememberedBytes))
            case .bytes(let bytes): Array(bytes.prefix(rememberedBytes))
            }
        }
    }

    /// As much as the largest measurement request.
    static let rememberedBytes = 64 * 1024

    private let state: Mutex<State>

    /// - Parameter proceed: Sends `100 Continue`, before the first read; nil for a body that
    ///   comes without being asked for.
    init(_ body: RequestBody, proceed: (@Sendable () -> Void)? = nil) {
        state = Mutex(State(unread: body, proceed: proceed))
    }

    /// Whether the client waits for `100 Continue` before it sends the body (RFC 9110 §10.1.1).
    var isHeldBack: Bool { state.withLock { $0.proceed != nil } }

    /// The body to be read, the first time.
    private func take() -> RequestBody? {
        let (body, proceed) = state.withLock { state in
            defer { (state.unread, state.proceed) = (nil, nil) }
            return (state.unread, state.proceed)
        }
        proceed?()
        return body
    }

    /// The beginning of the body as far as it was read.
    var seen: [UInt8] { state.withLock { $0.seen }.beginning }

    func collect(
        head: HTTPRequest, limit: Int, inflates: Bool, memory: BodyMemory
    ) async throws(Problem) -> ByteBuffer {
        let announced = head.headerFields[.contentLength].flatMap { Int($0) } ?? 0
        guard announced <= limit else { throw .tooLarge(limit) }
        if try Self.isEncoded(head, allowed: inflates) {
            return ByteBuffer(bytes: try await inflated(limit: limit, memory: memory))
        }
        var whole = ByteBuffer()
        defer { remember(whole) }
        guard let body = take() else { return whole }
        var received = 0
        do {
            for try await var chunk in body {
                received += chunk.readableBytes
                guard received <= limit else { throw Problem.tooLarge(limit) }
                try reserve(chunk.readableBytes, memory)
                if whole.readableBytes == 0 {
                    swap(&whole, &chunk)
                    // Reserves space for the whole body; memory is used only as bytes arrive.
                    if announced > received { whole.reserveCapacity(announced) }
                } else {
                    whole.writeBuffer(&chunk)
                }
            }
        } catch { throw Self.problem(reading: error) }
        return whole
    }

    /// The body, inflated as it comes: neither side is ever whole beside the other.
    private func inflated(limit: Int, memory: BodyMemory) async throws(Problem) -> [UInt8] {
        let inflater = try GzipInflater()
        var whole: [UInt8] = []
        defer { state.withLock { [whole] in $0.seen = .bytes(whole) } }
        guard let body = take() else { return whole }
        var received = 0
        do {
            for try await chunk in body {
                received += chunk.readableBytes
                guard received <= limit else { throw Problem.tooLarge(limit) }
                try inflater.inflate(chunk, into: &whole, limit: limit) { more throws(Problem) in
                    try self.reserve(more, memory)
                }
            }
            try inflater.finish()
        } catch { throw Self.problem(reading: error) }
        return whole
    }

    private func reserve(_ bytes: Int, _ memory: BodyMemory) throws(Problem) {
        let isThere = state.withLock { state in
            if let reservation = state.memory { return reservation.grow(by: bytes) }
            state.memory = memory.admission.budget.reserve(
                bytes, for: .bodies, by: memory.account)
            return state.memory != nil
        }
        guard isThere else { throw .memorySpent(memory.admission.budget.limit) }
    }

    /// The same as an array, which a body that isn't encoded is copied into once.
    func collectBytes(
        head: HTTPRequest, limit: Int, inflates: Bool, memory: BodyMemory
    ) async throws(Problem) -> [UInt8] {
        let announced = head.headerFields[.contentLength].flatMap { Int($0) } ?? 0
        guard announced <= limit else { throw .tooLarge(limit) }
        if try Self.isEncoded(head, allowed: inflates) {
            return try await inflated(limit: limit, memory: memory)
        }
        guard announced > 0 else {
            let whole = try await collect(
                head: head, limit: limit, inflates: inflates, memory: memory)
            return Array(whole.readableBytesView)
        }
        var whole: [UInt8] = []
        defer { state.withLock { [whole] in $0.seen = .bytes(whole) } }
        guard let body = take() else { return whole }
        // Memory is used only as bytes come.
        whole.reserveCapacity(announced)
        do {
            for try await chunk in body {
                guard whole.count + chunk.readableBytes <= limit else {
                    throw Problem.tooLarge(limit)
                }
                try reserve(chunk.readableBytes, memory)
                whole.append(contentsOf: chunk.readableBytesView)
            }
        } catch { throw Self.problem(reading: error) }
        return whole
    }

    /// Reads what a refusal may tell, when nobody has read it; never throws,
    /// waits no longer than the request's deadline, asks no client for a body that it holds back.
    func read(head: HTTPRequest, memory: BodyMemory) async {
        guard !isHeldBack else { return }
        _ = try? await collect(
            head: head, limit: Self.rememberedBytes, inflates: false, memory: memory)
    }

    private func remember(_ whole: ByteBuffer) {
        state.withLock { $0.seen = .buffer(whole) }
    }

    private static func isEncoded(
        _ head: HTTPRequest, allowed: Bool
    ) throws(Problem) -> Bool {
        guard let encoding = head.headerFields[.contentEncoding]?.lowercased(),
            encoding != "identity"
        else { return false }
        guard allowed, encoding == "gzip" || encoding == "x-gzip" else {
            throw Problem(
                .unsupportedMediaType, "encoding_unsupported",
                allowed
                    ? "the body's encoding must be gzip or none" : "the body must not be encoded",
                field: "Content-Encoding",
                headers: [.acceptEncoding: allowed ? "gzip" : "identity"])
        }
        return true
    }

    private static func problem(reading error: any Error) -> Problem {
        switch error {
        case let problem as Problem: problem
        case is RequestBodyLate:
            Problem(
                .requestTimeout, "body_too_slow",
                "the body was not complete by the request's deadline", field: "body")
        case is HTTPParserError:
            .malformed("transfer_malformed", "the body's framing is broken", field: "body")
        default:
            .malformed("body_incomplete", "the connection ended within the body", field: "body")
        }
    }
}

/// Where the memory for a body comes from.
struct BodyMemory: Sendable {
    let admission: Admission
    let account: MemoryBudget.Account
}

/// The request's deadline passed before its body was complete.
struct RequestBodyLate: Error {}
