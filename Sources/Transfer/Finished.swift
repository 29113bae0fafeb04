import CCurl

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What is known when libcurl has ended a transfer.
struct Finished: Sendable {
    let code: CURLcode
    var status = 0
    var systemError: Int32 = 0
    var timings = TransferTimings()
    /// Without the port; empty when no connection was made.
    var remoteAddress = ""
    var headerLines: [[UInt8]] = []
    var body: [UInt8] = []
    var overflowed = false
    var isCalledOff = false
    var conversation = SMTPConversation()
    /// `Name:value` lines of the certificate that the server showed, where asked for.
    var certificate: [String] = []
    var words = ""

    /// The failure as an error of ours; nil when the transfer succeeded.
    func fault(_ target: String) -> TransferError? {
        code == CURLE_OK ? nil : TransferError(kind, target: target, words: words)
    }

    private var kind: TransferError.Kind {
        switch code {
        // After a first answer: a redirect to, or an answer in, another protocol.
        case CURLE_UNSUPPORTED_PROTOCOL:
            status == 0 && timings.connected == .zero ? .invalid : .protocolFault
        case CURLE_URL_MALFORMAT, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_CERTPROBLEM, CURLE_BAD_FUNCTION_ARGUMENT:
            .invalid
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .resolve
        case CURLE_COULDNT_CONNECT:
            switch systemError {
            case ECONNREFUSED: .refused
            case ETIMEDOUT: .connectTimeout
            case ENOENT, EACCES: .refused
            default: .unreachable
            }
        case CURLE_OPERATION_TIMEDOUT: timings.connected == .zero ? .connectTimeout : .timeout
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER,
            CURLE_USE_SSL_FAILED, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
            .tls
        case CURLE_WRITE_ERROR where isCalledOff: .cancelled
        case CURLE_WRITE_ERROR: overflowed ? .tooLarge : .internalFault
        case CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_PARTIAL_FILE: .closed
        case CURLE_ABORTED_BY_CALLBACK: .cancelled
        case CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT: .internalFault
        default: .protocolFault
        }
    }
}
