import HTTPTypes
import NIOCore

extension Gate {
    /// What became of a request on the express lane.
    enum ExpressOutcome {
        case answered(ByteBuffer)
        /// `later` will be told.
        case taken
        /// The whole way finds and tells what is wrong, if anything is.
        case left
    }

    /// The answer of a route that has one ready or takes the request at once, after the
    /// same checks as every request passes.
    ///
    /// - Parameter later: Called once, on any thread, after `.taken` only; nil sends the
    ///   request the whole way.
    func answerAtOnce(
        _ request: ExpressRequest, in bytes: UnsafeRawBufferPointer,
        _ connection: ConnectionFacts, _ allocator: ByteBufferAllocator,
        later: @escaping @Sendable (ByteBuffer?) -> Void
    ) -> ExpressOutcome {
        guard !isDraining, bytes.equals("POST", request.method, folding: false),
            request.body <= limits.headerBytes
        else { return .left }
        let started = ContinuousClock.now
        guard HostPolicy.isValid(bytes[request.host]),
            let route = readyRoute(.init(rebasing: bytes[request.path])),
            bytes.count - request.body <= route.bodyLimit,
            hosts.admits(
                authority: String(decoding: bytes[request.host], as: UTF8.self),
                serverName: connection.serverName),
            let identity = authenticator.identifyAtOnce(
                authorization: request.authorization.map { .init(rebasing: bytes[$0]) },
                connection, route.access)
        else { return .left }
        connection.entry?.markKnown()
        let question = ReadyQuestion(
            body: .init(rebasing: bytes[request.body...]),
            contentType: request.contentType.map { .init(rebasing: bytes[$0]) },
            parameters: route.parameters, identity: identity)
        if let answer = route.ready?(question) {
            route.count(started.duration(to: .now))
            return .answered(compose(answer, allocator))
        }
        // Bytes, their copy and the table of their lines.
        guard let deferred = route.deferred,
            let memory = admission.budget.reserve(
                3 * bytes.count, for: .bodies,
                by: MemoryBudget.Account(tier: route.tier, identity: identity))
        else { return .left }
        let reply = DeferredReply { answer in
            withExtendedLifetime(memory) {}
            guard let answer else { return later(nil) }
            route.count(started.duration(to: .now))
            later(self.compose(answer, allocator))
        }
        return deferred(question, reply) ? .taken : .left
    }

    private func readyRoute(_ path: UnsafeRawBufferPointer) -> ReadyRoute? {
        if let literal = readyRoutes.first(where: { $0.matches(path) }) { return literal }
        guard
            case .found(let route, let parameters) = table.find(
                .post, String(decoding: path, as: UTF8.self))
        else { return nil }
        return ReadyRoute(route, parameters: parameters, limits: limits, tally: tally)
    }

    private func compose(_ answer: ReadyAnswer, _ allocator: ByteBufferAllocator) -> ByteBuffer {
        let fields = answer.fields.lines
        var buffer = allocator.buffer(capacity: fields.count + answer.body.count + 256)
        buffer.writeStaticString("HTTP/1.1 200 OK\r\n")
        buffer.writeBytes(fields)
        if let rate = answer.rate {
            buffer.writeStaticString("RateLimit-Policy: ")
            buffer.writeString(rate.policy)
            buffer.writeStaticString("\r\nRateLimit: ")
            buffer.writeString(rate.state)
            buffer.writeStaticString("\r\n")
        }
        buffer.writeStaticString("Date: ")
        buffer.writeString(date.now)
        if let strictTransport {
            buffer.writeStaticString("\r\nStrict-Transport-Security: ")
            buffer.writeString(strictTransport)
        }
        buffer.writeStaticString("\r\nContent-Length: ")
        buffer.writeString(String(answer.body.count))
        buffer.writeStaticString("\r\n\r\n")
        buffer.writeBytes(answer.body)
        return buffer
    }
}
