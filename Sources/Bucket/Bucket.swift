import Core

public import Events
public import Transfer

/// The objects below one prefix of an S3-compatible store.
///
/// Names are relative to the prefix. A request that fails for a reason that may pass (no answer,
/// 408, 409, 429, 500, 502, 503, 504) is sent again with backoff, within one retry budget for the
/// bucket; every other failure is thrown at once. Thread-safe.
///
/// Of the conditions of S3 only `If-None-Match: *` is used: other conditions differ between stores.
public final class Bucket: Sendable {
    /// The outcome of `create`.
    public enum Creation: Sendable, Equatable {
        /// This call created the object.
        case created
        /// The object exists with the same bytes: an earlier call, or an earlier try whose answer
        /// was lost, created it.
        case existed
    }

    public let location: BucketLocation
    private let credentials: BucketCredentialChain
    private let engine: TransferEngine
    private let tls: TLSTrust
    private let clock: WallClock
    private let sleep: @Sendable (Duration) async -> Void
    /// How long a transfer may stand still.
    private let idle: Duration
    let pace: RequestPace

    /// The most tries of one request.
    private static let tries = 6
    private static let backoff = RetryPolicy(
        initial: .milliseconds(100), factor: 3, ceiling: .seconds(5))
    /// The largest object that is read at once.
    static let largestRead = 64 << 20
    /// An object's SHA-256, which the store keeps beside it. The MD5 that a store compares at a
    /// `PUT` is not compared at a `GET`.
    static let hashHeader = "x-amz-meta-sha256"

    /// - Parameter engine: Not shared with probes: a slow store must not delay a measurement.
    public convenience init(
        _ location: BucketLocation, credentials: BucketCredentialChain, engine: TransferEngine,
        tls: TLSTrust = .system, clock: WallClock = .system
    ) {
        self.init(
            location, credentials: credentials, engine: engine, tls: tls, clock: clock,
            sleep: { try? await Task.sleep(for: $0) })
    }

    init(
        _ location: BucketLocation, credentials: BucketCredentialChain, engine: TransferEngine,
        tls: TLSTrust, clock: WallClock, idle: Duration = .seconds(20),
        sleep: @escaping @Sendable (Duration) async -> Void
    ) {
        self.location = location
        self.credentials = credentials
        self.engine = engine
        self.tls = tls
        self.clock = clock
        self.sleep = sleep
        self.idle = idle
        pace = RequestPace()
    }

    // MARK: - Objects

    /// Creates an object unless one of this name exists. Atomic between all writers.
    ///
    /// Throws `.taken` if an object of this name exists with other bytes.
    ///
    /// - Parameter isUrgent: Whether it goes before other requests while the store is slow.
    public func create(
        _ name: String, _ bytes: [UInt8], isUrgent: Bool = false
    ) async throws(BucketFault) -> Creation {
        var request = putting(name, bytes)
        request.isUrgent = isUrgent
        request.headers.append(("If-None-Match", "*"))
        request.expected = [200, 201, 204, 412]
        // The object may be removed between the 412 and the read.
        for _ in 0..<3 {
            let reply = try await send(request)
            guard reply.status == 412 else {
                try requireTag(reply, request)
                return .created
            }
            if let held = try await present(name, isUrgent: isUrgent) {
                guard held == bytes else {
                    throw BucketFault(
                        .taken, place: request.place(location),
                        words: "an object of this name exists with other bytes")
                }
                return .existed
            }
        }
        throw BucketFault(
            .answer, place: request.place(location),
            words: "the store answers both that the object exists and that it does not")
    }

    /// Writes an object, replacing one of the same name.
    public func put(_ name: String, _ bytes: [UInt8]) async throws(BucketFault) {
        let request = putting(name, bytes)
        try requireTag(try await send(request), request)
    }

    /// Refuses a success without the ETag that every store gives an object: a proxy's page, for
    /// example, would pass for one, and lines for stored that are not.
    private func requireTag(
        _ reply: HTTPReply, _ request: BucketRequest
    ) throws(BucketFault) {
        guard reply.header("etag") == nil else { return }
        throw BucketFault(
            .answer, place: request.place(location),
            words: "the answer \(reply.status) has no ETag, so it is not a store's")
    }

    private func putting(_ name: String, _ bytes: [UInt8]) -> BucketRequest {
        BucketRequest(
            method: "PUT", key: location.key(name),
            headers: [
                BucketRequest.checksum(bytes), (Self.hashHeader, ContentHash.hex(bytes)),
            ], body: bytes, expected: [200, 201, 204])
    }

    /// Reads a whole object of at most 64 MiB. Throws `.missing` if there is none, and `.answer` if
    /// its bytes are not those that were written.
    public func get(
        _ name: String, isUrgent: Bool = false
    ) async throws(BucketFault) -> [UInt8] {
        var request = BucketRequest(
            method: "GET", key: location.key(name), maxBody: Self.largestRead)
        request.isUrgent = isUrgent
        let reply = try await send(request)
        try requireTag(reply, request)
        if let hash = reply.header(Self.hashHeader), hash != ContentHash.hex(reply.body) {
            throw BucketFault(
                .answer, place: request.place(location),
                words: "the object's bytes differ from those that were written")
        }
        return reply.body
    }

    /// As `get`; nil if the store has the bucket and no such object.
    public func present(
        _ name: String, isUrgent: Bool = false
    ) async throws(BucketFault) -> [UInt8]? {
        do throws(BucketFault) { return try await get(name, isUrgent: isUrgent) } catch {
            if error.kind == .missing { return nil }
            throw error
        }
    }

    /// Reads a part of an object, at most 64 MiB. Throws `.answer` if the object ends before it.
    public func get(_ name: String, range: Range<Int>) async throws(BucketFault) -> [UInt8] {
        guard !range.isEmpty else { return [] }
        let request = BucketRequest(
            method: "GET", key: location.key(name),
            headers: [("Range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)")],
            maxBody: Self.largestRead, expected: [200, 206])
        let reply = try await send(request)
        try requireTag(reply, request)
        // A store may ignore the range and answer 200 with the whole object.
        let bytes =
            reply.status == 200
            ? Array(reply.body.dropFirst(range.lowerBound).prefix(range.count)) : reply.body
        guard bytes.count == range.count else {
            throw BucketFault(
                .answer, place: request.place(location),
                words: "\(bytes.count) bytes came instead of \(range.count)")
        }
        return bytes
    }

    /// The size of an object in bytes; nil if there is none.
    public func size(_ name: String) async throws(BucketFault) -> Int? {
        let request = BucketRequest(
            method: "HEAD", key: location.key(name), expected: [200, 404])
        let reply = try await send(request)
        guard reply.status == 200 else { return nil }
        guard let size = reply.header("content-length").flatMap({ Int($0) }), size >= 0 else {
            throw BucketFault(
                .answer, place: request.place(location), words: "the answer has no length")
        }
        return size
    }

    /// When an object was written, by the store's clock, to the second; nil if there is none.
    public func written(_ name: String) async throws(BucketFault) -> Timestamp? {
        let request = BucketRequest(
            method: "HEAD", key: location.key(name), expected: [200, 404])
        let reply = try await send(request)
        guard reply.status == 200 else { return nil }
        guard let date = reply.header("last-modified"), let time = Timestamp(httpDate: date) else {
            throw BucketFault(
                .answer, place: request.place(location), words: "the answer has no Last-Modified")
        }
        return time
    }

    /// How far the store's clock is ahead of this machine's; nil if its answers have no date.
    ///
    /// - Parameter name: An object that exists.
    public func clockDifference(_ name: String) async throws(BucketFault) -> Duration? {
        let reply = try await send(BucketRequest(method: "HEAD", key: location.key(name)))
        guard let date = reply.header("date"), let there = Timestamp(httpDate: date) else {
            return nil
        }
        return there - clock.now
    }

    /// Removes an object; does nothing if there is none.
    public func remove(_ name: String) async throws(BucketFault) {
        _ = try await send(
            BucketRequest(
                method: "DELETE", key: location.key(name), expected: [200, 204, 404]))
    }

    // MARK: - Requests

    /// Sends a request until it has an expected answer, a final fault, or no try left.
    func send(_ request: BucketRequest) async throws(BucketFault) -> HTTPReply {
        var random = SystemRandomNumberGenerator()
        var hasRenewed = false
        var failures = 0
        while true {
            let outcome = await once(request)
            let fault: BucketFault
            var pause: Duration?
            switch outcome {
            case .success(let reply):
                if request.expected.contains(reply.status) { return reply }
                fault = BucketFault(reply, place: request.place(location), now: clock.now)
                pause = reply.retryAfter
                // A conflict of two conditional writes (409) is decided by another try.
                let mayPass = fault.kind == .busy || reply.status == 409
                // Keys may have been rotated a moment ago.
                let mayRenew = fault.kind == .denied && !hasRenewed
                guard mayPass || mayRenew else { throw fault }
                if mayRenew {
                    hasRenewed = true
                    await credentials.forget()
                }
            case .failure(let error):
                fault = error
                guard fault.kind == .unreachable else { throw fault }
            }
            failures += 1
            guard failures < Self.tries, !Task.isCancelled, pace.takeRetry() else { throw fault }
            let delay = Self.backoff.delay(after: failures, using: &random)
            // An urgent request has to be answered within a lease.
            let longest = Duration.seconds(request.isUrgent ? 1 : 30)
            await sleep(max(delay, min(pause ?? .zero, longest)))
        }
    }

    private func once(_ request: BucketRequest) async -> Result<HTTPReply, BucketFault> {
        let keys: BucketCredentials
        do throws(BucketFault) { keys = try await credentials.current() } catch {
            return .failure(error)
        }
        guard await pace.enter(isUrgent: request.isUrgent) else {
            return .failure(
                BucketFault(
                    .cancelled, place: request.place(location), words: "the request was cancelled")
            )
        }
        do throws(TransferError) {
            let reply = try await engine.http(
                request.signed(location, keys, at: clock.now, tls: tls, idle: idle))
            pace.leave(reply.status == 503 || reply.status == 429 ? .busy : .answered)
            return .success(reply)
        } catch {
            pace.leave(error.kind == .cancelled ? .cancelled : .busy)
            return .failure(BucketFault(error, place: request.place(location)))
        }
    }
}

extension Timestamp {
    /// Parses `Sun, 06 Nov 1994 08:49:37 GMT` (IMF-fixdate, RFC 9110 §5.6.7).
    init?(httpDate text: String) {
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", words[1].utf8.count == 2,
            let month = months.firstIndex(of: String(words[2]))
        else { return nil }
        let digits = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        self.init(rfc3339: "\(words[3])-\(digits)-\(words[1])T\(words[4])Z")
    }
}
