/// One complete HTTP answer, whatever its status.
public struct HTTPReply: Sendable {
    public let status: Int
    /// In the order received, values without surrounding white space.
    public let headers: [(String, String)]
    public let body: [UInt8]
    /// From the call to the last byte, redirects that were followed included.
    public internal(set) var duration: Duration
    public let timings: TransferTimings
    /// The address that answered, without port: numbers, never a name.
    public let remoteAddress: String
    /// Whether the answer's end was marked, by its length, by chunks or by HTTP/2: then its body
    /// is whole. Without a mark it ends where the peer closed, for whatever reason.
    public let isDelimited: Bool
    /// How many redirects were followed to it.
    public internal(set) var redirects = 0
    /// Where a redirect that was not followed leads; the absolute address where it can be made
    /// out. One printable line of the peer's, which may hold secrets.
    public internal(set) var redirect: String?

    /// The first header of that name, in any case.
    public func header(_ name: String) -> String? {
        let wanted = name.lowercased()
        return headers.first { $0.0.lowercased() == wanted }?.1
    }
}

/// When the steps of a transfer were done, from its start.
///
/// All zero up to `firstByte` on a reused connection.
public struct TransferTimings: Sendable, Equatable {
    public var resolved: Duration = .zero
    public var connected: Duration = .zero
    /// Zero without TLS.
    public var secured: Duration = .zero
    public var firstByte: Duration = .zero
    public var total: Duration = .zero
    /// No connection had to be made.
    public var reusedConnection = false
}

extension HTTPReply {
    init(_ finished: Finished) {
        status = finished.status
        headers = finished.headerLines.compactMap { line in
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
            return (
                String(decoding: line[..<colon], as: UTF8.self).trimmed,
                String(decoding: line[(colon + 1)...], as: UTF8.self).trimmed
            )
        }
        body = finished.body
        duration = finished.timings.total
        timings = finished.timings
        remoteAddress = finished.remoteAddress
        isDelimited =
            finished.headerLines.first?.starts(with: "HTTP/2".utf8) == true
            || headers.contains { name, value in
                switch name.lowercased() {
                case "content-length": true
                case "transfer-encoding": value.lowercased().contains("chunked")
                default: false
                }
            }
    }
}
