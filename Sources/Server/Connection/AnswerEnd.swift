import NIOCore
import NIOHPACK
import NIOHTTP2

/// Ends an HTTP/2 answer of an announced length in the frame of its last bytes,
/// where the server writes an empty frame behind them.
///
/// A client that has the announced length may be done with the stream before
/// that empty frame comes: libcurl 7.88 resets it then. Two hundred resets
/// within half a minute are an attack to the HTTP/2 handler, which ends the
/// connection with whatever is under way on it. Sits next to the stream's
/// channel, on its event loop.
final class AnswerEnd: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    /// What is still to come of the announced length; nil without one.
    private var left: Int?
    /// The last bytes, until the end is known to follow.
    private var held: (data: HTTP2Frame.FramePayload.Data, promise: EventLoopPromise<Void>?)?

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let payload = unwrapOutboundIn(data)
        switch payload {
        case .headers(let headers):
            release(context)
            left = headers.headers.first(name: "content-length").flatMap { Int($0) }
        case .data(let end) where held != nil && end.endStream && end.data.readableBytes == 0:
            return merge(context, promise)
        case .data(let part):
            release(context)
            guard let before = left else { break }
            left = before - part.data.readableBytes
            guard left == 0, part.data.readableBytes > 0, !part.endStream else { break }
            held = (part, promise)
            return
        default: release(context)
        }
        context.write(wrapOutboundOut(payload), promise: promise)
    }

    /// The bytes and the end as one frame.
    private func merge(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        guard case (var data, let first)? = held else { return }
        held = nil
        data.endStream = true
        if let promise, let first { promise.futureResult.cascade(to: first) }
        context.write(wrapOutboundOut(.data(data)), promise: promise ?? first)
    }

    /// Writes what was held as it came.
    private func release(_ context: ChannelHandlerContext) {
        guard let (data, promise) = held else { return }
        held = nil
        context.write(wrapOutboundOut(.data(data)), promise: promise)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        release(context)
        context.flush()
        context.close(mode: mode, promise: promise)
    }

    func triggerUserOutboundEvent(
        context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?
    ) {
        release(context)
        context.triggerUserOutboundEvent(event, promise: promise)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        held?.promise?.fail(ChannelError.ioOnClosedChannel)
        held = nil
    }
}
