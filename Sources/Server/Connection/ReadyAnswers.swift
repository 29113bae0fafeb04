import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Answers requests on the event loop if their route has the answer ready; passes on the others.
///
/// A task and two thread switches cost several times as much as the lookup of an existing answer.
/// So a complete request with a short body, and with no earlier request unanswered, is passed to
/// its route here: behind the parser and `ExchangeGuard`, and after every check of
/// `RequestPipeline`. A request that cannot be answered at once, or is to be refused, is passed on
/// to `RequestPipeline.respond`. So is the received part of a request if another event, such as its
/// deadline, occurs before its end.
///
/// Runs on its channel's event loop: the connection's with HTTP/1.1, the stream's with HTTP/2.
final class ReadyAnswers: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// The maximum body length in bytes; a request with a longer body is passed on.
    static let longestBody = 16 << 10

    /// A class, because its members are many and each copy would retain them all.
    private final class Held {
        let request: RequestPipeline.ReadyRequest
        var body = ByteBuffer()

        init(_ request: RequestPipeline.ReadyRequest) { self.request = request }
    }

    private let pipeline: RequestPipeline
    private let connection: ConnectionFacts
    /// The request whose end has not arrived yet.
    private var held: Held?
    /// The number of passed-on requests without an answer; answers keep the order of requests.
    private var underWay = 0

    init(pipeline: RequestPipeline, connection: ConnectionFacts) {
        self.pipeline = pipeline
        self.connection = connection
    }

    // MARK: - In

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            // An unwritable channel means unread answers; only the task waits for the client to
            // read.
            if underWay == 0, context.channel.isWritable,
                let request = pipeline.ready(head, connection)
            {
                held = Held(request)
                return
            }
            underWay += 1
        case .body(let part):
            guard let held else { break }
            let count = held.body.readableBytes
            if count + part.readableBytes <= Self.longestBody {
                if count == 0 { held.body = part } else { held.body.writeImmutableBuffer(part) }
                return
            }
            passOn(context)
        case .end:
            if let held, let answer = pipeline.answer(held.request, body: held.body) {
                self.held = nil
                return write(answer, context)
            }
            passOn(context)
        }
        context.fireChannelRead(data)
    }

    private func write(_ answer: RequestPipeline.Ready, _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(answer.head)), promise: nil)
        context.write(wrapOutboundOut(.body(answer.body)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    private func passOn(_ context: ChannelHandlerContext) {
        guard let held else { return }
        self.held = nil
        underWay += 1
        context.fireChannelRead(wrapInboundOut(.head(held.request.head)))
        if held.body.readableBytes > 0 {
            context.fireChannelRead(wrapInboundOut(.body(held.body)))
        }
    }

    // An error, a shutdown or the client's half-close must not overtake earlier parts.

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        passOn(context)
        context.fireErrorCaught(error)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        passOn(context)
        context.fireUserInboundEventTriggered(event)
    }

    func handlerRemoved(context: ChannelHandlerContext) { held = nil }

    // MARK: - Out

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data), underWay > 0 { underWay -= 1 }
        context.write(data, promise: promise)
    }
}
