/// Reads an event stream (WHATWG HTML, "Server-sent events") as it comes, in
/// pieces of any size. Not thread-safe.
struct ServerSentEvents {
    struct Message: Equatable {
        /// The last id that was given, also by an event before it.
        var id: String
        /// `message` unless the event names another.
        var event: String
        var data: [UInt8]
    }

    /// The last id that was given; one without data counts too.
    private(set) var lastID = ""

    private var line: [UInt8] = []
    private var id: String?
    private var event = ""
    private var data: [UInt8] = []
    private var hasData = false
    private var endsInReturn = false

    /// A line, or the data of an event, longer than any event: the peer sends something else.
    private static let longestLine = 1 << 20

    /// Calls `take` for each event that is complete; false when `take` says to stop or
    /// the stream isn't one.
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
