import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Stops accepting connections at the limit and while the system has no resources for them.
///
/// If every allowed connection is busy with an authenticated caller's request, new ones wait in the
/// listen queue. If accepting fails for lack of descriptors or memory, NIO keeps the listening
/// socket registered for reading and is called again at once, in an endless loop. This handler then
/// stops reading for `pause` and ends the least important connection.
///
/// Runs on the listening socket's event loop.
final class AcceptGate: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel
    typealias OutboundIn = Never
    typealias OutboundOut = Never

    static let pause = TimeAmount.milliseconds(250)

    private let census: ConnectionCensus
    private var isPaused = false

    init(census: ConnectionCensus) { self.census = census }

    func read(context: ChannelHandlerContext) {
        let loop = context.eventLoop
        let bound = NIOLoopBound((gate: self, context: context), eventLoop: loop)
        let hasPlace = census.hasPlace {
            loop.execute { bound.value.gate.resume(bound.value.context) }
        }
        if hasPlace { context.read() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let fault = error as? IOError,
            [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(fault.errnoCode)
        else { return context.fireErrorCaught(error) }
        census.makePlace()
        guard !isPaused else { return }
        isPaused = true
        census.acceptFailed("\(fault)")
        set(isReading: false, context)
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) {
            self.isPaused = false
            self.set(isReading: true, context)
        }
    }

    private func resume(_ context: ChannelHandlerContext) {
        if !isPaused { read(context: context) }
    }

    private func set(isReading: Bool, _ context: ChannelHandlerContext) {
        context.channel.setOption(.autoRead, value: isReading).whenFailure { _ in }
    }
}
