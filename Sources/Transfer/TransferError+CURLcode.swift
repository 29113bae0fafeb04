import CCurl

extension TransferError.Kind {
    /// The kind of a libcurl result that depends on the result alone.
    ///
    /// Only faults of the request itself are `.invalid`: such a delivery is not retried. Faults of
    /// a peer's answer, or of a file that is being replaced, may be gone at the next attempt.
    /// Results missing in this table come from a newer libcurl.
    init(_ code: CURLcode) { self = Self.byResult[code.rawValue] ?? .protocolFault }

    static let byResult: [UInt32: Self] = {
        var kinds: [UInt32: Self] = [:]
        func add(_ kind: Self, _ codes: CURLcode...) {
            for code in codes { kinds[code.rawValue] = kind }
        }
        add(
            .invalid, CURLE_URL_MALFORMAT, CURLE_BAD_FUNCTION_ARGUMENT, CURLE_UNKNOWN_OPTION,
            CURLE_SETOPT_OPTION_SYNTAX)
        add(.resolve, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY)
        add(.unreachable, CURLE_COULDNT_CONNECT, CURLE_INTERFACE_FAILED)
        add(.timeout, CURLE_OPERATION_TIMEDOUT)
        add(
            .tls, CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CIPHER,
            CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CRL_BADFILE,
            CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_INVALIDCERTSTATUS,
            CURLE_SSL_CLIENTCERT, CURLE_USE_SSL_FAILED)
        add(.tooLarge, CURLE_FILESIZE_EXCEEDED)
        add(
            .closed, CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_PARTIAL_FILE,
            CURLE_SSL_SHUTDOWN_FAILED, CURLE_SEND_FAIL_REWIND)
        // UNSUPPORTED_PROTOCOL means an answer that is not HTTP, or a redirect to another protocol:
        // the request's own protocol is checked before libcurl gets it.
        add(
            .protocolFault, CURLE_WEIRD_SERVER_REPLY, CURLE_REMOTE_ACCESS_DENIED,
            CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_HTTP3, CURLE_QUIC_CONNECT_ERROR,
            CURLE_HTTP_RETURNED_ERROR, CURLE_RANGE_ERROR,
            CURLE_BAD_CONTENT_ENCODING, CURLE_TOO_MANY_REDIRECTS, CURLE_UPLOAD_FAILED,
            CURLE_LOGIN_DENIED, CURLE_AUTH_ERROR, CURLE_PROXY, CURLE_QUOTE_ERROR,
            CURLE_BAD_DOWNLOAD_RESUME, CURLE_CHUNK_FAILED, CURLE_REMOTE_DISK_FULL,
            CURLE_REMOTE_FILE_EXISTS, CURLE_REMOTE_FILE_NOT_FOUND, CURLE_UNSUPPORTED_PROTOCOL)
        add(.cancelled, CURLE_ABORTED_BY_CALLBACK)
        add(
            .internalFault, CURLE_FAILED_INIT, CURLE_NOT_BUILT_IN, CURLE_OUT_OF_MEMORY,
            CURLE_WRITE_ERROR, CURLE_READ_ERROR, CURLE_FILE_COULDNT_READ_FILE,
            CURLE_AGAIN, CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED,
            CURLE_SSL_ENGINE_INITFAILED,
            CURLE_NO_CONNECTION_AVAILABLE, CURLE_RECURSIVE_API_CALL, CURLE_UNRECOVERABLE_POLL)
        // Results of protocols that are never used here.
        add(
            .protocolFault, CURLE_FTP_ACCEPT_FAILED, CURLE_FTP_WEIRD_PASS_REPLY,
            CURLE_FTP_ACCEPT_TIMEOUT, CURLE_FTP_WEIRD_PASV_REPLY, CURLE_FTP_WEIRD_227_FORMAT,
            CURLE_FTP_CANT_GET_HOST, CURLE_FTP_COULDNT_SET_TYPE, CURLE_FTP_COULDNT_RETR_FILE,
            CURLE_FTP_PORT_FAILED, CURLE_FTP_COULDNT_USE_REST, CURLE_FTP_PRET_FAILED,
            CURLE_FTP_BAD_FILE_LIST, CURLE_LDAP_CANNOT_BIND, CURLE_LDAP_SEARCH_FAILED,
            CURLE_TFTP_NOTFOUND,
            CURLE_TFTP_PERM, CURLE_TFTP_ILLEGAL, CURLE_TFTP_UNKNOWNID, CURLE_TFTP_NOSUCHUSER,
            CURLE_SSH, CURLE_RTSP_CSEQ_ERROR, CURLE_RTSP_SESSION_ERROR)
        return kinds
    }()
}
