import CCurl
import Core

extension HTTPTransfer {
    func prepare(_ exchange: EasyTransfer, _ endpoint: Endpoint) throws(TransferError) {
        try exchange.set(CURLOPT_URL, url)
        try exchange.set(CURLOPT_PROTOCOLS_STR, "http,https")
        if usesEnvironmentProxy, !endpoint.isLoopback { try exchange.useEnvironmentProxies() }
        if let unixSocket { try exchange.set(CURLOPT_UNIX_SOCKET_PATH, unixSocket) }
        if let connectTo { try exchange.set(CURLOPT_CONNECT_TO, list: [connectTo]) }
        try exchange.set(trust: tls)
        if let identity { try exchange.set(identity: identity) }
        try exchange.set(CURLOPT_TIMEOUT_MS, deadline)
        try exchange.set(CURLOPT_CONNECTTIMEOUT_MS, min(connectDeadline, deadline))
        if readsToClose {
            try exchange.set(CURLOPT_IGNORE_CONTENT_LENGTH, 1)
            // On a kept connection, the rest of an earlier answer may be left.
            try exchange.set(CURLOPT_FRESH_CONNECT, 1)
        }
        exchange.maxBody = max(maxBody, 0)
        exchange.onBody = onBody
        if let idleDeadline {
            try exchange.set(CURLOPT_LOW_SPEED_LIMIT, 1)
            try exchange.set(
                CURLOPT_LOW_SPEED_TIME, Int(max(idleDeadline.components.seconds, 1)))
        }
        try prepareMethod(exchange)
        try exchange.set(CURLOPT_HTTPHEADER, list: try headerLines(endpoint))
    }

    private func prepareMethod(_ exchange: EasyTransfer) throws(TransferError) {
        guard !method.isEmpty, method.utf8.allSatisfy(Self.isToken) else {
            throw TransferError(
                .invalid, target: exchange.order.target, words: "the method is not a token")
        }
        switch method {
        case "GET" where body.isEmpty: try exchange.set(CURLOPT_HTTPGET, 1)
        case "HEAD": try exchange.set(CURLOPT_NOBODY, 1)
        default:
            try exchange.check(
                ccurl_set_offset(
                    exchange.easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)))
            let copied =
                body.isEmpty
                ? ccurl_set_string(exchange.easy, CURLOPT_COPYPOSTFIELDS, "")
                : body.withUnsafeBytes { bytes in
                    // libcurl copies the bytes and does not write to them.
                    ccurl_set_pointer(
                        exchange.easy, CURLOPT_COPYPOSTFIELDS,
                        UnsafeMutableRawPointer(mutating: bytes.baseAddress))
                }
            try exchange.check(copied)
            try exchange.set(CURLOPT_CUSTOMREQUEST, method)
        }
    }

    private func headerLines(_ endpoint: Endpoint) throws(TransferError) -> [String] {
        var lines: [String] = []
        for (name, value) in headers {
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isToken) else {
                throw TransferError(
                    .invalid, target: endpoint.target, words: "a header's name is not a token")
            }
            guard value.utf8.allSatisfy({ $0 != 0x0D && $0 != 0x0A && $0 != 0 }) else {
                throw TransferError(
                    .invalid, target: endpoint.target,
                    words: "the value of header \(name) holds CR, LF or NUL")
            }
            // libcurl takes "Name:" as: omit the header, and "Name;" as: send it empty.
            lines.append(value.trimmed.isEmpty ? "\(name);" : "\(name): \(value)")
        }
        func has(_ name: String) -> Bool { headers.contains { $0.0.lowercased() == name } }
        // Keeps libcurl from adding these two.
        if !has("expect") { lines.append("Expect:") }
        if !has("content-type") { lines.append("Content-Type:") }
        // Without it any coding is acceptable (RFC 9110 §12.5.3), and none is decoded here.
        if !has("accept-encoding") { lines.append("Accept-Encoding: identity") }
        if readsToClose, !has("connection") { lines.append("Connection: close") }
        return lines
    }

    /// Whether a byte may be part of a token (RFC 9110 §5.6.2).
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
