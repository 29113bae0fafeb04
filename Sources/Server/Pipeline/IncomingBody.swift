import Core
import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTP1
import Synchronization

/// A request's body. It is read once, without a byte order mark at its start; its beginning is kept
/// for the report of a refusal.
final class IncomingBody: Sendable {
    private struct State {
        var unread: RequestBody?
        /// Sends `100 Continue` to a client that waits for it before it sends the body.
        var proceed: (@Sendable () -> Void)?
        /// The decoded body as far as it was read. `seen` returns at most `rememberedBytes` of it.
        var seen = Seen.buffer(ByteBuffer())
        /// Reserved for the bytes that were read; released with this object.
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

    /// The size of the largest measurement request.
    static let rememberedBytes = 64 * 1024

    private let state: Mutex<State>
    /// Memory for what a route makes of the body.
    let derived = Holdings()

    /// - Parameter proceed: Sends `100 Continue` before the first read; nil if the client does not
    ///   wait for it.
    init(_ body: RequestBody, proceed: (@Sendable () -> Void)? = nil) {
        state = Mutex(State(unread: body, proceed: proceed))
    }

    /// Whether the client waits for `100 Continue` before it sends the body (RFC 9110 §10.1.1).
    var isHeldBack: Bool { state.withLock { $0.proceed != nil } }

    /// Returns the unread body; nil after the first call.
    private func take() -> RequestBody? {
        let (body, proceed) = state.withLock { state in
            defer { (state.unread, state.proceed) = (nil, nil) }
            return (state.unread, state.proceed)
        }
        proceed?()
        return body
    }

    /// Gives up the body and the memory for it and for what was made of it: it is stored elsewhere.
    func release() {
        let memory = state.withLock { state in
            state.seen = .bytes([])
            defer { state.memory = nil }
            return state.memory
        }
        // Released outside the lock.
        withExtendedLifetime(memory) {}
        derived.release()
    }

    /// The beginning of the body, as far as it was read.
    var seen: [UInt8] { state.withLock { $0.seen }.beginning }

    func collect(
        head: HTTPRequest, limit: Int, inflates: Bool, memory: BodyMemory
    ) async throws(Problem) -> ByteBuffer {
        let announced = head.headerFields[.contentLength].flatMap(ContentLength.read) ?? 0
        guard announced <= limit else { throw .tooLarge(limit) }
        if try Self.isEncoded(head, allowed: inflates) {
            return ByteBuffer(bytes: try await inflated(limit: limit, memory: memory))
        }
        var whole = ByteBuffer()
        guard let body = take() else { return whole }
        defer { remember(whole) }
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
        whole.moveReaderIndex(forwardBy: try Self.mark(before: whole.readableBytesView))
        return whole
    }

    /// Returns the length of the byte order mark at the start of a body: 0 or 3. Some programs write
    /// U+FEFF before JSON, and RFC 8259 §8.1 lets a reader ignore it.
    ///
    /// - Throws: 400 for the mark of UTF-16.
    private static func mark(before body: some Collection<UInt8>) throws(Problem) -> Int {
        if body.starts(with: [0xEF, 0xBB, 0xBF]) { return 3 }
        guard !body.starts(with: [0xFF, 0xFE]), !body.starts(with: [0xFE, 0xFF]) else {
            throw .malformed(
                "body_not_utf8", "the body is UTF-16 by its byte order mark; send UTF-8",
                field: "body")
        }
        return 0
    }

    /// The inflated body. Inflated as it arrives, so the compressed body is never held as a whole.
    private func inflated(limit: Int, memory: BodyMemory) async throws(Problem) -> [UInt8] {
        let inflation = Inflation(try GzipInflater())
        guard let body = take() else { return [] }
        defer { state.withLock { $0.seen = .bytes(inflation.inflated) } }
        var received = 0
        do {
            for try await chunk in body {
                received += chunk.readableBytes
                guard received <= limit else { throw Problem.tooLarge(limit) }
                // One chunk can become megabytes.
                try await Self.inflating.run { () throws(Problem) in
                    try inflation.add(chunk, limit: limit) { more throws(Problem) in
                        try self.reserve(more, memory)
                    }
                }
            }
            try inflation.finish()
        } catch { throw Self.problem(reading: error) }
        var whole = inflation.inflated
        whole.removeFirst(try Self.mark(before: whole))
        return whole
    }

    private static let inflating = BlockingExecutor("inflating", width: 4, priority: .low)

    private func reserve(_ bytes: Int, _ memory: BodyMemory) throws(Problem) {
        let isThere = state.withLock { state in
            if let reservation = state.memory { return reservation.grow(by: bytes) }
            state.memory = memory.admission.budget.reserve(
                bytes, for: .bodies, by: memory.account)
            return state.memory != nil
        }
        guard isThere else { throw .memorySpent(memory.admission.budget.limit) }
    }

    /// The same as an array. A body that is not encoded is copied into it once.
    func collectBytes(
        head: HTTPRequest, limit: Int, inflates: Bool, memory: BodyMemory
    ) async throws(Problem) -> [UInt8] {
        let announced = head.headerFields[.contentLength].flatMap(ContentLength.read) ?? 0
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
        guard let body = take() else { return whole }
        defer { state.withLock { [whole] in $0.seen = .bytes(whole) } }
        // Reserves address space; memory is used only as bytes arrive.
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
        whole.removeFirst(try Self.mark(before: whole))
        return whole
    }

    /// Reads the beginning of an unread body for the report of a refusal. Never throws. Waits at
    /// most until the request's deadline, and not at all for a client that waits for `100
    /// Continue`.
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

/// A body that is being inflated. Thread-safe.
private final class Inflation: Sendable {
    private struct State: ~Copyable {
        let inflater: GzipInflater
        var output: [UInt8] = []
    }

    private let state: Mutex<State>

    init(_ inflater: sending GzipInflater) { state = Mutex(State(inflater: inflater)) }

    /// What is inflated so far.
    var inflated: [UInt8] { state.withLock { $0.output } }

    func add(
        _ chunk: ByteBuffer, limit: Int, admit: @Sendable (Int) throws(Problem) -> Void
    ) throws(Problem) {
        try state.withLock { state throws(Problem) in
            try state.inflater.inflate(chunk, into: &state.output, limit: limit, admit: admit)
        }
    }

    func finish() throws(Problem) {
        try state.withLock { state throws(Problem) in try state.inflater.finish() }
    }
}

/// The budget and the account that a body's memory is charged to.
struct BodyMemory: Sendable {
    let admission: Admission
    let account: MemoryBudget.Account
}

/// The request's deadline passed before its body was complete.
struct RequestBodyLate: Error {}
