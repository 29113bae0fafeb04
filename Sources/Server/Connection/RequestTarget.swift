import Events
import NIOCore
import NIOHTTP1

/// Normalizes target, host and persistence of an HTTP/1 request for `RequestPipeline`.
///
/// - An absolute target (RFC 9112 §3.2.2) becomes its path. If its authority differs from `Host`,
///   it is added as a second `Host`, which the pipeline refuses.
/// - HTTP/1.0 needs no `Host`: the default is the address that the client connected to (§3.3).
///   HTTP/1.0 has no expectations either (RFC 9110 §10.1.1), so `Expect` is removed.
/// - A request that closes the connection by any rule of §9.3, or after which NIO's parser stops
///   (`Upgrade`, `CONNECT`), gets `Connection: close`. This server supports no other protocol and
///   may ignore `Upgrade` (RFC 9110 §7.8).
///
/// Placed right behind the parser; reports to the feed before it. Runs on the connection's event
/// loop.
final class RequestTarget: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    private let feed: RequestFeed

    init(feed: RequestFeed) { self.feed = feed }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(var head):
            let isChunked = head.headers.contains(name: "transfer-encoding")
            let length =
                head.headers.first(name: "content-length")
                .flatMap(ContentLength.read) ?? 0
            feed.parsedHead(length: isChunked ? nil : length)
            Self.normalize(&head, local: context.localAddress)
            context.fireChannelRead(wrapInboundOut(.head(head)))
        case .body(let bytes):
            feed.parsedBody(bytes.readableBytes)
            context.fireChannelRead(data)
        case .end:
            feed.parsedEnd()
            context.fireChannelRead(data)
        }
    }

    /// - Parameter local: The address that the client connected to. Costs a system call, so it is
    ///   evaluated only for a request that needs it.
    static func normalize(
        _ head: inout HTTPRequestHead, local: @autoclosure () -> SocketAddress?
    ) {
        let isOldest = head.version.minor == 0
        let switches =
            head.method == .CONNECT
            || (head.headers.contains(name: "upgrade")
                && head.headers[canonicalForm: "connection"].contains {
                    $0.lowercased() == "upgrade"
                })
        if isOldest || switches || !head.isKeepAlive {
            head.headers.replaceOrAdd(name: "Connection", value: "close")
        }
        if isOldest { head.headers.remove(name: "Expect") }
        if isOldest, !head.headers.contains(name: "host"), let local = local() {
            let address = local.ipAddress.map(IPAddress.unmapped) ?? "localhost"
            let host = address.contains(":") ? "[\(address)]" : address
            head.headers.add(name: "Host", value: "\(host):\(local.port ?? 0)")
        }
        guard head.method != .CONNECT, !head.uri.hasPrefix("/") else {
            // The target of CONNECT is an authority in any form.
            if head.method == .CONNECT { head.uri = notAPath }
            return
        }
        guard let (authority, path) = absolute(head.uri) else {
            head.uri = notAPath
            return
        }
        head.uri = path
        if let host = head.headers.first(name: "host"),
            host.lowercased() != authority.lowercased()
        {
            head.headers.add(name: "Host", value: authority)
        }
    }

    /// A target that `RequestPipeline` refuses because it is not a path.
    private static let notAPath = "*"

    /// The authority and path of an `https` URI; nil for any other target.
    private static func absolute(_ target: String) -> (authority: String, path: String)? {
        let scheme = "https://"
        guard target.utf8.count > scheme.utf8.count,
            target.prefix(scheme.count).lowercased() == scheme
        else { return nil }
        let rest = target.dropFirst(scheme.count)
        let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        let path = String(rest[end...])
        return (String(rest[..<end]), path.hasPrefix("/") ? path : "/" + path)
    }
}

/// The value of `Content-Length` (RFC 9110 §8.6).
enum ContentLength {
    /// The announced bytes; at most `Int.max`, so that a greater number is as much too long. nil for
    /// a text that is no number.
    static func read(_ text: String) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text) ?? .max
    }
}
