extension TransferEngine {
    /// One HTTP request and its whole answer, whatever the status; redirects as
    /// `HTTPTransfer.maxRedirects` allows. The deadline covers all of them.
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
                reply.redirect = redirect.url.printableLine(atMost: 300)
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

/// Where an answer says that its resource is.
private struct Redirect {
    /// Absolute where it can be made out.
    let url: String
    /// Nil where the address cannot be asked: another protocol, or one with a user in it.
    let endpoint: Endpoint?

    /// RFC 9110 §15.4: the statuses whose Location is the resource's address.
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
    /// Whether a redirect from here may be followed there.
    fileprivate func admits(redirectTo next: Endpoint) -> Bool {
        guard next.host == host else { return false }
        if next.scheme == scheme, next.port == port { return true }
        return (scheme, port, next.scheme, next.port) == ("http", 80, "https", 443)
    }
}
