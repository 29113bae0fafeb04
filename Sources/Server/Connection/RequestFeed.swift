import Events
import NIOCore

/// Limits how many bytes the HTTP/1.1 parser receives and how many requests it produces.
///
/// NIO's parser buffers what it cannot use, such as everything after a request that switches
/// protocols (`Upgrade`, `CONNECT`). And a read of small pipelined requests grows to many times its
/// size when it is parsed. So this handler
///
/// - ends a connection whose bytes yield no part of a request for longer than any header can be;
/// - passes on small pieces between messages, and none while many requests are unanswered. The rest
///   of a read is held here as bytes, and nothing more is read.
///
/// The handlers behind the parser report what was parsed. Runs on the connection's event loop.
final class RequestFeed: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The number of unanswered requests at which parsing pauses.
    static let mostUnanswered = 16
    /// The maximum bytes passed on at once, between messages and within a chunked body.
    static let piece = 2048
    static let chunkedPiece = 16 * 1024

    private enum Held {
        case bytes(ByteBuffer)
        case event(Any)
    }

    /// What the parser expects next.
    private enum Position {
        case header
        /// In a body with `left` bytes remaining.
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
        // The parser limits names and values to `headerBytes`, but not whitespace and line ends.
        mostUnparsed = 2 * limits.headerBytes + 64 * 1024
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        held.removeAll()
    }

    // MARK: - Parser progress

    /// - Parameter length: The body's length in bytes; nil if it is chunked.
    func parsedHead(length: Int?) {
        unparsed = 0
        unanswered += 1
        position = length.map { .body(left: $0) } ?? .chunkedBody
    }

    func parsedBody(_ count: Int) {
        unparsed = 0
        if case .body(let left) = position { position = .body(left: left -| count) }
    }

    func parsedEnd() {
        unparsed = 0
        position = .header
    }

    /// A request was answered, or never will be.
    func answered() {
        unanswered -= 1
        guard !held.isEmpty, !isFeeding, let context else { return }
        // Deferred, so as not to parse within the write of the answer.
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
        // The client announces the length, up to the greatest number.
        case .body(let left): max(left, 0) +| Self.piece
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
        // A shutdown or the client's half-close must not overtake earlier bytes.
        if held.isEmpty {
            context.fireUserInboundEventTriggered(event)
        } else {
            held.append(.event(event))
        }
    }
}
