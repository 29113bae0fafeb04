@testable import Server

/// Just enough HTTP/2 to send a request in pieces (RFC 9113, RFC 7541).
enum HTTP2Frames {
    /// The client's preface and an empty SETTINGS.
    static let preface =
        Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + frame(type: 4, flags: 0, stream: 0, [])

    /// The preface with a SETTINGS frame that sets the initial window of each stream.
    static func preface(initialWindow: UInt32) -> [UInt8] {
        Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
            + frame(
                type: 4, flags: 0, stream: 0,
                [0, 4] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: initialWindow >> $0) })
    }

    static func headers(
        stream: UInt32, ends: Bool = false, _ fields: [(String, String)]
    ) -> [UInt8] {
        var block: [UInt8] = []
        for (name, value) in fields {
            // Literal without indexing, new name, no Huffman.
            block += [0] + text(name) + text(value)
        }
        return frame(type: 1, flags: ends ? 5 : 4, stream: stream, block)
    }

    static func data(stream: UInt32, _ bytes: [UInt8]) -> [UInt8] {
        frame(type: 0, flags: 0, stream: stream, bytes)
    }

    /// The number of complete frames of a type.
    static func count(type: UInt8, in bytes: [UInt8]) -> Int {
        var scanner = FrameScanner(preface: 0)
        var count = 0
        bytes.withUnsafeBytes { scanner.scan($0) { found, _ in if found == type { count += 1 } } }
        return count
    }

    private static func text(_ text: String) -> [UInt8] {
        precondition(text.utf8.count < 127)
        return [UInt8(text.utf8.count)] + Array(text.utf8)
    }

    static func frame(
        type: UInt8, flags: UInt8, stream: UInt32, _ payload: [UInt8]
    ) -> [UInt8] {
        let length = UInt32(payload.count)
        func bytes(_ value: UInt32) -> [UInt8] {
            [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
        }
        return bytes(length).dropFirst() + [type, flags] + bytes(stream) + payload
    }
}
