import NIOCore

/// Gives the HTTP/1.1 parser no more than it turns into requests that are being answered.
///
/// NIO's parser keeps what it cannot use: everything after a request that asks for another
/// protocol (`Upgrade`, `CONNECT`), for one. And one read of small pipelined requests becomes
/// many times its size once it is parsed. So this handler
///
/// - ends a connection whose bytes yield no part of a request for longer than any header could;
/// - hands on small pieces between messages, and none while many requests wait for their
///   answers. What is left of a read waits here as bytes, and nothing more is read.
///
/// The handlers behind the parser report what came out. Lives on the connection's event loop.
final class RequestFeed: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Requests without an answer beyond which nothing more is parsed.
    static let mostUnanswered = 16
    /// Bytes given at once where the next message begins, and within a chunked body.
    static let piece = 2048
    static let chunkedPiece = 16 * 1024

    private enum Held {
        case bytes(ByteBuffer)
        case event(Any)
    }

    /// What the parser expects next.
    private enum Position {
        case header
        /// In a body of which so many bytes are left.
        case body(left: Int)
        case chunkedBody
    }

    private let watch: ConnectionWatch
    private let mostUnparsed: Int
    private var unparsed = 0
    private var unanswered = 0
    private var position = Position.header
    private var held = CircularBuffer<Held>()
    private var isFeeding = false
    private var owesRead = false
    private var isOver = false
    private var context: ChannelHandlerContext?

    init(watch: ConnectionWatch, limits: ServerLimits) {
        self.watch = watch
        // Names and values are limited to `headerBytes` by the parser; blanks and line ends are not.
        mostUnparsed = 2 * limits.headerBytes + 64 * 1024
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        held.removeAll()
    }

    // MARK: - Reports of what was parsed

    /// - Parameter length: Bytes of the body; nil when it is chunked.
    func parsedHead(length: Int?) {
        unparsed = 0
        unanswered += 1
        position = length.map { .body(left: $0) } ?? .chunkedBody
    }

    func parsedBody(_ count: Int) {
        unparsed = 0
        if case .body(let left) = position { position = .body(left: left - count) }
    }

    func parsedEnd() {
        unparsed = 0
        position = .header
    }

    /// A request has its answer, or will have none.
    func answered() {
        unanswered -= 1
        guard !held.isEmpty, !isFeeding, let context else { return }
        // Not within the write of the answer.
        context.eventLoop.assumeIsolated().execute { self.resume() }
    }

    // MARK: - Bytes

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        held.append(.bytes(unwrapInboundIn(data)))
        if !isFeeding { feed(context) }
    }

    private func feed(_ context: ChannelHandlerContext) {
        isFeeding = true
        defer { isFeeding = false }
        while !isOver, let first = held.first {
            switch first {
            case .event(let event):
                held.removeFirst()
                context.fireUserInboundEventTriggered(event)
            case .bytes(var buffer):
                guard unanswered < Self.mostUnanswered || isInBody else { return }
                let count = min(most, buffer.readableBytes)
                guard let piece = buffer.readSlice(length: count) else { return }
                if buffer.readableBytes == 0 {
                    held.removeFirst()
                } else {
                    held[held.startIndex] = .bytes(buffer)
                }
                unparsed += count
                context.fireChannelRead(wrapInboundOut(piece))
                if unparsed > mostUnparsed { end(context) }
            }
        }
    }

    private var isInBody: Bool {
        if case .header = position { false } else { true }
    }

    private var most: Int {
        switch position {
        case .header: Self.piece
        case .body(let left): max(left, 0) + Self.piece
        case .chunkedBody: Self.chunkedPiece
        }
    }

    private func end(_ context: ChannelHandlerContext) {
        isOver = true
        held.removeAll()
        watch.census.cut(.unparsed)
        watch.endNow()
    }

    private func resume() {
        guard let context, !held.isEmpty, !isFeeding else { return }
        feed(context)
        context.fireChannelReadComplete()
        if held.isEmpty, owesRead {
            owesRead = false
            context.read()
        }
    }

    func read(context: ChannelHandlerContext) {
        if held.isEmpty {
            context.read()
        } else {
            owesRead = true
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // A shutdown or the client's half-close must not overtake what came before it.
        if held.isEmpty {
            context.fireUserInboundEventTriggered(event)
        } else {
            held.append(.event(event))
        }
    }
}
