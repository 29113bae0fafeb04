import Core

extension TransferEngine {
    /// Sends one HTTP request and returns the complete answer of any status.
    ///
    /// Follows redirects up to `HTTPTransfer.maxRedirects`. The deadline covers all of them.
    public func http(_ transfer: HTTPTransfer) async throws(TransferError) -> HTTPReply {
        let end = ContinuousClock.now + transfer.deadline
        var transfer = transfer
        var followed = 0
        var spent = Duration.zero
        while true {
            let endpoint = try Endpoint(url: transfer.url, schemes: ["http", "https"])
            var reply = try await once(transfer, endpoint)
            reply.duration += spent
            reply.redirects = followed
            guard let redirect = Redirect(of: reply, from: transfer.url) else { return reply }
            guard followed < transfer.maxRedirects, ["GET", "HEAD"].contains(transfer.method),
                let next = redirect.endpoint, endpoint.admits(redirectTo: next)
            else {
                reply.redirect = InertText.line(redirect.url, limit: 300)
                return reply
            }
            followed += 1
            spent = reply.duration
            transfer.url = redirect.url
            transfer.deadline = end - .now
        }
    }

    private func once(
        _ transfer: HTTPTransfer, _ endpoint: Endpoint
    ) async throws(TransferError) -> HTTPReply {
        let finished = try await perform("http", endpoint.target) {
            (exchange) throws(TransferError) in
            try transfer.prepare(exchange, endpoint)
        }
        if let fault = finished.fault(endpoint.target) { throw fault }
        return HTTPReply(finished)
    }
}

/// The target of a redirect.
private struct Redirect {
    /// The absolute URL, or the unchanged `Location` if it cannot be resolved.
    let url: String
    /// Nil if the redirect cannot be followed: another protocol, or a URL with a user.
    let endpoint: Endpoint?

    /// Nil unless the status is a redirect whose Location is the resource's address (RFC 9110
    /// §15.4).
    init?(of reply: HTTPReply, from base: String) {
        guard [301, 302, 303, 307, 308].contains(reply.status),
            let location = reply.header("location"), !location.isEmpty
        else { return nil }
        guard let resolved = Endpoint.resolve(location, against: base) else {
            (url, endpoint) = (location, nil)
            return
        }
        url = resolved.url
        endpoint =
            resolved.hasUser ? nil : try? Endpoint(url: resolved.url, schemes: ["http", "https"])
    }
}

extension Endpoint {
    /// Whether a redirect to `next` may be followed.
    fileprivate func admits(redirectTo next: Endpoint) -> Bool {
        guard next.host == host else { return false }
        if next.scheme == scheme, next.port == port { return true }
        return (scheme, port, next.scheme, next.port) == ("http", 80, "https", 443)
    }
}
