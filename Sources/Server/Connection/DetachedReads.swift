import NIOCore

/// Hands on what TLS has decrypted as bytes of their own.
///
/// `NIOSSLHandler` decrypts every read into one buffer that it keeps. While somebody behind it
/// still holds what was handed on, as the parts of a large body are held until it is whole, the
/// next read begins with a copy of all of that buffer's room, however little of it is in use. A
/// copy of what was read, no larger, costs less than half as much, in time and in memory.
///
/// Lives on the connection's event loop.
final class DetachedReads: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// What is shorter is mostly a whole request, and let go before the next read.
    static let copiedFrom = 4096

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let read = unwrapInboundIn(data)
        guard read.readableBytes >= Self.copiedFrom else { return context.fireChannelRead(data) }
        var own = context.channel.allocator.buffer(capacity: read.readableBytes)
        own.writeImmutableBuffer(read)
        context.fireChannelRead(wrapInboundOut(own))
    }
}
