import CCurl

/// What libcurl is set to for every transfer, in one place.
///
/// libcurl's own defaults differ between versions and builds, and some are wrong for a service.
/// What one kind of transfer needs otherwise stands where that kind is prepared
/// (`HTTPTransfer.prepare`, `MailTransfer.prepare`, `TransferEngine`).
///
/// | matter | set to | why |
/// | --- | --- | --- |
/// | protocols | https, unless a transfer names its own: http and https, or smtp, or smtps | libcurl speaks 25 |
/// | redirects | never followed by libcurl | `TransferEngine.http` follows them, within one origin |
/// | encodings of an answer | not decoded by libcurl, which takes a truncated gzip stream for a whole one | probes ask for gzip and deflate and decode (`ContentDecoding`); all others send `Accept-Encoding: identity` |
/// | HTTP | HTTP/2 where TLS agrees on it, else 1.1; HTTP/0.9 never | |
/// | TLS | 1.2 or newer; chain and name are checked; no session is resumed | a resumed session would outlive the authority or the certificate that it was made with |
/// | authorities | the system's, or a file's alone | with a file, the system's folder of authorities is left out: libcurl would go on trusting it |
/// | proxies | none; `http_proxy`, `HTTPS_PROXY` and `NO_PROXY` only where a transfer says so | a probe's answer must come from its target |
/// | credentials | only what a transfer is given; no `.netrc`, no cookies, no NTLM, no Negotiate | |
/// | addresses | IPv6 and IPv4; the other family is tried after 250 ms (RFC 8305 §5) | |
/// | names | kept for 30 s | a moved Service is found within a minute |
/// | connections | kept; closed after 60 s; TCP keep-alive after 30 s, each 15 s | renewed certificates and moved names are noticed within a minute; a dead peer too |
/// | signals, look-ups | none; a look-up that hangs is left behind | the loop's thread serves all transfers |
extension EasyTransfer {
    /// Sets everything that the table names.
    func setDefaults() throws(TransferError) {
        try set(CURLOPT_PROTOCOLS_STR, "https")
        try set(CURLOPT_FOLLOWLOCATION, 0)
        try set(CURLOPT_MAXREDIRS, 0)
        try set(CURLOPT_REDIR_PROTOCOLS_STR, "https")

        try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        try set(CURLOPT_HTTP09_ALLOWED, 0)
        try set(CURLOPT_HTTP_CONTENT_DECODING, 0)
        try set(CURLOPT_USERAGENT, "bellwether")

        try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        try set(CURLOPT_SSL_VERIFYPEER, 1)
        try set(CURLOPT_SSL_VERIFYHOST, 2)
        try set(CURLOPT_SSL_SESSIONID_CACHE, 0)
        try set(CURLOPT_CA_CACHE_TIMEOUT, 60)

        try set(CURLOPT_PROXY, "")
        try set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))

        try set(CURLOPT_IPRESOLVE, Int(CURL_IPRESOLVE_WHATEVER))
        try set(CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS, 250)
        try set(CURLOPT_DNS_CACHE_TIMEOUT, 30)
        try set(CURLOPT_MAXLIFETIME_CONN, 60)
        try set(CURLOPT_TCP_NODELAY, 1)
        try set(CURLOPT_TCP_KEEPALIVE, 1)
        try set(CURLOPT_TCP_KEEPIDLE, 30)
        try set(CURLOPT_TCP_KEEPINTVL, 15)

        try set(CURLOPT_NOSIGNAL, 1)
        // A name lookup that hangs in its own thread must not hold up the loop when its
        // transfer is called off.
        try set(CURLOPT_QUICK_EXIT, 1)
    }

    /// The environment's proxies, which `setDefaults` leaves out.
    ///
    /// libcurl reads `http_proxy` (in small letters only: a CGI server could be given the other
    /// by a request's header), `https_proxy` or `HTTPS_PROXY`, `all_proxy`, `no_proxy`.
    func useEnvironmentProxies() throws(TransferError) {
        try check(ccurl_set_pointer(easy, CURLOPT_PROXY, nil))
    }
}
