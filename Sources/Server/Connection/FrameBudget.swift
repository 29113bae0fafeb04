import NIOCore
import NIOHTTP2

/// Ends an HTTP/2 connection that sends too many frames without useful content.
///
/// A `WINDOW_UPDATE`, a `PING` or a one-byte `DATA` frame costs the sender a few bytes and the
/// server the work of a frame. Each takes one token from a budget; a `RST_STREAM`, which discards a
/// request that the server began to answer, takes ten. The budget refills with time and with the
/// data sent, since a reader acknowledges data with such frames. Requests, and data in frames of a
/// useful size, are free. When the budget is exhausted, the connection ends with GOAWAY and
/// ENHANCE_YOUR_CALM (RFC 9113 §10.5). A new connection of the same peer group then starts with
/// little more than what has refilled since (`SpentBudgets`), so that reconnecting gains nothing. A
/// peer that closes the connection itself before that gets a full budget: at most `most` frames for
/// a TLS handshake, which costs both sides more, and which the limits of connections bound.
/// NIO itself limits some kinds (PING, SETTINGS, PRIORITY, empty DATA, CONTINUATION) more tightly;
/// `FloodCounter` counts those.
///
/// Placed before NIO's HTTP/2 handler, on the connection's event loop.
final class FrameBudget: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The capacity of the budget, and its refill rate.
    static let most = 1000
    static let perSecond = 100
    /// What every connection starts with: enough for the frames of its first requests.
    static let least = 50
    /// The cost of a `RST_STREAM`: the requests of a rapid reset (CVE-2023-44487) are free.
    static let reset = 10
    /// Added for each `DATA` frame sent, and for each KiB in it. Clients acknowledge on the stream
    /// and on the connection; some do both for every frame.
    static let perDataFrame = 4
    /// A received `DATA` frame with fewer bytes costs one token.
    static let smallData = 32

    private let watch: ConnectionWatch
    private var inbound = FrameScanner(preface: 24)
    private var outbound = FrameScanner(preface: 0)
    private var budget: Int
    private var filled = NIODeadline.now()
    private var isOver = false

    init(watch: ConnectionWatch) {
        self.watch = watch
        budget = watch.frameBudget
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        let buffer = unwrapInboundIn(data)
        var cost = 0
        buffer.withUnsafeReadableBytes { bytes in
            inbound.scan(bytes) { type, length in
                switch type {
                case 0: if length < Self.smallData { cost += 1 }
                case 1: break
                case 3: cost += Self.reset
                default: cost += 1
                }
            }
        }
        if cost > 0 {
            fill()
            budget -= cost
        }
        guard budget >= 0 else { return end(context) }
        context.fireChannelRead(data)
    }

    private func fill() {
        let now = NIODeadline.now()
        let tokens = (now - filled).nanoseconds / (1_000_000_000 / Int64(Self.perSecond))
        guard tokens > 0 else { return }
        filled = now
        budget = min(Self.most, budget + Int(min(tokens, Int64(Self.most))))
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let buffer = unwrapOutboundIn(data)
        buffer.withUnsafeReadableBytes { bytes in
            outbound.scan(bytes) { type, length in
                guard type == 0 else { return }
                budget = min(Self.most, budget + Self.perDataFrame * (1 + length / 1024))
            }
        }
        context.write(data, promise: promise)
    }

    private func end(_ context: ChannelHandlerContext) {
        isOver = true
        watch.cutForFrames()
        // GOAWAY: length 8, type 7, no flags, stream 0; last stream 0, error 0xb.
        var goAway = context.channel.allocator.buffer(capacity: 17)
        goAway.writeBytes([0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xb])
        context.writeAndFlush(wrapOutboundOut(goAway), promise: nil)
        context.close(promise: nil)
    }
}

/// The budgets that floods have used up, by peer group.
///
/// A budget refills from the moment its connection was cut, over all connections of the group.
struct SpentBudgets {
    /// Bounds the memory. Beyond, the group that was cut first is forgotten.
    static let mostGroups = 4096

    private var cuts: [String: NIODeadline] = [:]

    var count: Int { cuts.count }

    mutating func spend(_ group: String, at now: NIODeadline) {
        if cuts.count >= Self.mostGroups, cuts[group] == nil {
            cuts = cuts.filter { Self.budget(now - $0.value) < FrameBudget.most }
            if cuts.count >= Self.mostGroups, let first = cuts.min(by: { $0.value < $1.value }) {
                cuts[first.key] = nil
            }
        }
        cuts[group] = now
    }

    /// What a new connection of the group starts with.
    func budget(of group: String, at now: NIODeadline) -> Int {
        cuts[group].map { Self.budget(now - $0) } ?? FrameBudget.most
    }

    private static func budget(_ since: TimeAmount) -> Int {
        let full = Int64(FrameBudget.most / FrameBudget.perSecond)
        guard since < .seconds(full) else { return FrameBudget.most }
        let refilled = max(0, since.nanoseconds) / (1_000_000_000 / Int64(FrameBudget.perSecond))
        return min(FrameBudget.most, FrameBudget.least + Int(refilled))
    }
}

/// Finds the frames in a byte stream by their nine-byte headers (RFC 9113 §4.1).
struct FrameScanner {
    private var skip: Int
    private var header: (length: Int, type: UInt8, filled: Int) = (0, 0, 0)

    /// - Parameter preface: The number of bytes before the first frame.
    init(preface: Int) { skip = preface }

    /// Calls `found` with the type and payload length of each frame whose header ends in `bytes`.
    mutating func scan(_ bytes: UnsafeRawBufferPointer, _ found: (UInt8, Int) -> Void) {
        var at = 0
        while at < bytes.count {
            if skip > 0 {
                let step = min(skip, bytes.count - at)
                skip -= step
                at += step
                continue
            }
            switch header.filled {
            case 0..<3: header.length = header.length << 8 | Int(bytes[at])
            case 3: header.type = bytes[at]
            default: break
            }
            header.filled += 1
            at += 1
            if header.filled == 9 {
                found(header.type, header.length)
                skip = header.length
                header = (0, 0, 0)
            }
        }
    }
}

/// Counts the connections that NIO's HTTP/2 handler ends because of a flood.
///
/// Placed after that handler, on the connection's event loop.
final class FloodCounter: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTP2Frame
    typealias InboundOut = HTTP2Frame

    private let watch: ConnectionWatch
    private var isCounted = false

    init(watch: ConnectionWatch) { self.watch = watch }

    static func insert(
        into pipeline: ChannelPipeline.SynchronousOperations, watch: ConnectionWatch
    ) throws {
        let http2 = try pipeline.handler(type: NIOHTTP2Handler.self)
        try pipeline.addHandler(FloodCounter(watch: watch), position: .after(http2))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case is NIOHTTP2Errors.ExcessiveRSTFrames, is NIOHTTP2Errors.ExcessiveControlFrames,
            is NIOHTTP2Errors.ExcessiveEmptyDataFrames, is NIOHTTP2Errors.ExcessiveStreamErrors,
            is NIOHTTP2Errors.ExcessiveContinuationFrames,
            is NIOHTTP2Errors.ExcessiveNumberOfGlitches:
            if !isCounted { watch.cutForFrames() }
            isCounted = true
        default: break
        }
        context.fireErrorCaught(error)
    }
}
