import CCurl

/// The libcurl options of every transfer.
///
/// libcurl's own defaults differ between versions and builds, and some are wrong for a service.
/// Options that differ for a kind of transfer are set where that kind is prepared
/// (`HTTPTransfer.prepare`, `MailTransfer.prepare`, `TransferEngine`).
///
/// | matter | set to | why |
/// | --- | --- | --- |
/// | protocols | https, unless a transfer sets its own: http and https, or smtp, or smtps | libcurl supports 25 |
/// | redirects | never followed by libcurl | `TransferEngine.http` follows them, within one origin |
/// | content encodings | not decoded by libcurl, which accepts a truncated gzip stream as complete | probes request gzip and deflate and decode them (`ContentDecoding`); all others send `Accept-Encoding: identity` |
/// | HTTP | HTTP/2 if TLS negotiates it, else 1.1; never HTTP/0.9 | |
/// | TLS | 1.2 or newer; chain and name are checked; sessions are not resumed | a resumed session would outlive the authority or the certificate that it was created with |
/// | authorities | the system's, or a file's only | with a file, the system's directory of authorities is unset: libcurl would trust it too |
/// | proxies | none; `http_proxy`, `HTTPS_PROXY` and `NO_PROXY` only if a transfer enables them | a probe's answer must come from its target |
/// | credentials | only those of the transfer; no `.netrc`, no cookies, no NTLM, no Negotiate | |
/// | addresses | IPv6 and IPv4; the other family is tried after 250 ms (RFC 8305 §5) | |
/// | DNS | cached for 30 s | a moved Service is found within a minute |
/// | files of authorities | read for each connection (`EasyTransfer.set(trust:)`); the system's are kept for 60 s | a replaced file is used by the next connection |
/// | connections | kept; closed after 60 s (`TransferLoop`); TCP keep-alive after 30 s, every 15 s | renewed certificates and authorities, moved names and dead peers are noticed within a minute |
/// | signals, lookups | no signals; a hanging lookup is abandoned | the loop's thread serves all transfers |
extension EasyTransfer {
    /// Sets the options of the table.
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
        try set(CURLOPT_TCP_NODELAY, 1)
        try set(CURLOPT_TCP_KEEPALIVE, 1)
        try set(CURLOPT_TCP_KEEPIDLE, 30)
        try set(CURLOPT_TCP_KEEPINTVL, 15)

        try set(CURLOPT_NOSIGNAL, 1)
        // A name lookup that hangs in its own thread must not block the loop when its transfer is
        // cancelled.
        try set(CURLOPT_QUICK_EXIT, 1)
    }

    /// Enables the proxies of the environment, which `setDefaults` disables.
    ///
    /// libcurl reads `http_proxy` (lower case only: a request header could set the other one in a
    /// CGI server), `https_proxy` or `HTTPS_PROXY`, `all_proxy` and `no_proxy`.
    func useEnvironmentProxies() throws(TransferError) {
        try check(ccurl_set_pointer(easy, CURLOPT_PROXY, nil))
    }
}
