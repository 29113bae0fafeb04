import Events

@testable import App

/// Server-sent events parsed in pieces of any size are the same as in one piece.
///
/// The input: a length for each piece (up to a zero), then the stream.
enum StreamTarget {
    static func run(_ bytes: [UInt8]) throws {
        var input = InputBytes(bytes)
        var sizes: [Int] = []
        while sizes.count < 64 {
            let size = Int(input.byte())
            if size == 0 { break }
            sizes.append(size)
        }
        let stream = Array(input.rest)
        let whole = read([stream])
        var pieces: [[UInt8]] = []
        var rest = stream[...]
        while let size = sizes.isEmpty ? nil : sizes[pieces.count % sizes.count], !rest.isEmpty {
            pieces.append(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        pieces.append(Array(rest))
        let inPieces = read(pieces)
        try require(whole == inPieces, "\(whole) in one piece, \(inPieces) in pieces of \(sizes)")
        for message in whole.messages {
            try require(
                message.data.count <= stream.count && !message.id.utf8.contains(0),
                "an event of \(message.data.count) bytes")
            _ = LogPosition(message.id)
        }
    }

    private struct Result: Equatable {
        var messages: [ServerSentEvents.Message] = []
        var lastID = ""
        var isSound = true
    }

    private static func read(_ pieces: [[UInt8]]) -> Result {
        var events = ServerSentEvents()
        var result = Result()
        for piece in pieces where result.isSound {
            result.isSound = piece.withUnsafeBytes { bytes in
                events.feed(bytes) {
                    result.messages.append($0)
                    return true
                }
            }
        }
        result.lastID = events.lastID
        return result
    }
}
