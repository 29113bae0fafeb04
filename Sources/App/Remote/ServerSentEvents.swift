/// A parser of event streams (WHATWG HTML, "Server-sent events").
///
/// Accepts the stream in pieces of any size. Not thread-safe.
struct ServerSentEvents {
    struct Message: Equatable {
        /// The last id of the stream, given by this event or an earlier one.
        var id: String
        /// The event's type; `message` by default.
        var event: String
        var data: [UInt8]
    }

    /// The last id of the stream, also of an event without data.
    private(set) var lastID = ""

    private var line: [UInt8] = []
    private var id: String?
    private var event = ""
    private var data: [UInt8] = []
    private var hasData = false
    private var endsInReturn = false

    /// The maximum length in bytes of a line and of an event's data. No event is longer, so a
    /// longer line is not an event stream.
    private static let longestLine = 1 << 20

    /// Parses bytes and calls `take` for each complete event. Returns false if `take` does, or
    /// if a line or an event is too long.
    mutating func feed(
        _ bytes: UnsafeRawBufferPointer, _ take: (Message) -> Bool
    ) -> Bool {
        var start = 0
        if endsInReturn, bytes.first == UInt8(ascii: "\n") { start = 1 }
        endsInReturn = false
        while start < bytes.count {
            guard let end = bytes[start...].firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) else {
                line.append(contentsOf: bytes[start...])
                return line.count <= Self.longestLine
            }
            line.append(contentsOf: bytes[start..<end])
            start = end + 1
            if bytes[end] == 0x0D {
                if start < bytes.count {
                    if bytes[start] == 0x0A { start += 1 }
                } else {
                    endsInReturn = true
                }
            }
            let goesOn = endLine(take)
            line.removeAll(keepingCapacity: true)
            guard goesOn else { return false }
        }
        return true
    }

    private mutating func endLine(_ take: (Message) -> Bool) -> Bool {
        guard let first = line.first else { return dispatch(take) }
        if first == UInt8(ascii: ":") { return true }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        var value = line[min(colon + 1, line.endIndex)...]
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        switch String(decoding: line[..<colon], as: UTF8.self) {
        case "data":
            if hasData { data.append(UInt8(ascii: "\n")) }
            data.append(contentsOf: value)
            hasData = true
            return data.count <= Self.longestLine
        case "id" where !value.contains(0): id = String(decoding: value, as: UTF8.self)
        case "event": event = String(decoding: value, as: UTF8.self)
        default: break
        }
        return true
    }

    private mutating func dispatch(_ take: (Message) -> Bool) -> Bool {
        if let id { lastID = id }
        defer { (id, event, data, hasData) = (nil, "", [], false) }
        guard hasData else { return true }
        return take(
            Message(id: lastID, event: event.isEmpty ? "message" : event, data: data))
    }
}
