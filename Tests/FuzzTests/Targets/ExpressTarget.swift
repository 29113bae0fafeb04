import NIOCore
import NIOEmbedded
import NIOHTTP1

@testable import Serving

/// Whatever the express lane takes for a request is the same request to the full
/// parser: a difference would let one caller's bytes be read as two (RFC 9112 §11.2).
enum ExpressTarget {
    static func run(_ input: [UInt8]) throws { _ = try take(input) }

    /// Whether the express lane takes the input.
    static func take(_ input: [UInt8]) throws -> Bool {
        let read = input.withUnsafeBytes { bytes in
            ExpressRequest(bytes).map { Reading($0, bytes) }
        }
        guard let read else { return false }
        let parsed = try parse(input)
        try require(parsed == read, "\(read), by the parser \(parsed as Any)")
        return true
    }

    private struct Reading: Equatable {
        var method: String
        var path: String
        var host: [String]
        var authorization: [String]
        var contentType: [String]
        var body: [UInt8] = []

        init(_ head: HTTPRequestHead) {
            method = head.method.rawValue
            path = head.uri
            host = head.headers["host"]
            authorization = head.headers["authorization"]
            contentType = head.headers["content-type"]
        }

        init(_ request: ExpressRequest, _ bytes: UnsafeRawBufferPointer) {
            func text(_ range: Range<Int>) -> String {
                String(decoding: bytes[range], as: UTF8.self)
            }
            method = text(request.method)
            path = text(request.path)
            host = [text(request.host)]
            authorization = request.authorization.map { [text($0)] } ?? []
            contentType = request.contentType.map { [text($0)] } ?? []
            body = Array(bytes[request.body...])
        }
    }

    /// The one request that the parser sees in `bytes`; nil when it sees none,
    /// more, or an error.
    private static func parse(_ bytes: [UInt8]) throws -> Reading? {
        let channel = EmbeddedChannel(
            handler: ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
        defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
        guard (try? channel.writeInbound(ByteBuffer(bytes: bytes))) != nil else { return nil }
        var reading: Reading?
        var hasEnded = false
        while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
            if hasEnded { return nil }
            switch part {
            case .head(let head):
                reading = Reading(head)
                guard head.isKeepAlive, head.version == .http1_1 else { return nil }
            case .body(let buffer): reading?.body += Array(buffer.readableBytesView)
            case .end: hasEnded = true
            }
        }
        return hasEnded ? reading : nil
    }
}
