import CCurl
import Core

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A complete HTTP answer of any status.
public struct HTTPReply: Sendable {
    public let status: Int
    /// In the order received. Values have no surrounding whitespace.
    public let headers: [(String, String)]
    public let body: [UInt8]
    /// From the call to the last byte, including followed redirects.
    public internal(set) var duration: Duration
    public let timings: TransferTimings
    /// The numeric address that answered, without port.
    public let remoteAddress: String
    /// Whether the end of the body was marked by its length, chunks or HTTP/2. Without a mark the
    /// body ends where the peer closed the connection, for whatever reason. Only for a body that
    /// was kept.
    public let isDelimited: Bool
    /// Whether only a Content-Length marks the end. If the server sends more than that, the rest is
    /// not read, unless with `HTTPTransfer.readsToClose`.
    public let isCounted: Bool
    /// How many redirects were followed.
    public internal(set) var redirects = 0
    /// The target of a redirect that was not followed, as an absolute URL if it can be resolved.
    /// One printable line from the peer; it may contain secrets.
    public internal(set) var redirect: String?

    /// The first header with this name, ignoring case.
    public func header(_ name: String) -> String? {
        let wanted = name.lowercased()
        return headers.first { $0.0.lowercased() == wanted }?.1
    }

    /// The delay before the next request that the server demands.
    public var retryAfter: Duration? { Self.retryAfter(header("retry-after")) }

    /// The delay of a `Retry-After` header (RFC 9110 §10.2.3): seconds, or an HTTP date relative to
    /// `now` (seconds since 1970).
    ///
    /// Between zero and seven days; nil if the header is absent or unreadable.
    static func retryAfter(_ value: String?, now: Int64 = Int64(time(nil))) -> Duration? {
        guard let value = value?.trimmed, !value.isEmpty else { return nil }
        let longest: Int64 = 7 * 86_400
        if value.utf8.allSatisfy({ $0 &- 0x30 < 10 }) {
            return .seconds(min(Int64(value) ?? longest, longest))
        }
        guard !value.utf8.contains(0) else { return nil }
        let date = Int64(curl_getdate(value, nil))
        guard date >= 0 else { return nil }
        return .seconds(min(max(date - now, 0), longest))
    }
}

/// When each step of a transfer ended, measured from its start.
///
/// The steps before `firstByte` are zero on a reused connection.
public struct TransferTimings: Sendable, Equatable {
    public var resolved: Duration = .zero
    public var connected: Duration = .zero
    /// Zero without TLS.
    public var secured: Duration = .zero
    public var firstByte: Duration = .zero
    public var total: Duration = .zero
    /// Whether no new connection was made.
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
        let codings = headers.filter { $0.0.lowercased() == "transfer-encoding" }.map { $0.1 }
        // libcurl decodes a further coding, such as gzip, and accepts a truncated stream of it.
        let isMarked =
            finished.headerLines.first?.starts(with: "HTTP/2".utf8) == true
            || !codings.isEmpty && codings.allSatisfy { $0.lowercased() == "chunked" }
        let lengths = headers.filter { $0.0.lowercased() == "content-length" }.map { $0.1 }
        let length = "\(finished.body.count)"
        // Two different lengths, or one that is no number, mark nothing.
        isCounted =
            !isMarked && codings.isEmpty && !lengths.isEmpty && lengths.allSatisfy { $0 == length }
        isDelimited = isMarked || isCounted
    }
}
