import CCurl

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The result of a transfer that libcurl ended.
struct Finished: Sendable {
    let code: CURLcode
    var status = 0
    var systemError: Int32 = 0
    var timings = TransferTimings()
    /// The address without the port; empty if no connection was made.
    var remoteAddress = ""
    var headerLines: [[UInt8]] = []
    var body: [UInt8] = []
    var overflowed = false
    var isCalledOff = false
    /// Why the loop made libcurl end the transfer.
    var ending: EasyTransfer.Ending?
    var conversation = SMTPConversation()
    /// The `Name:value` lines of the server's certificate, if requested.
    var certificate: [String] = []
    var words = ""

    /// The failure as a `TransferError`; nil if the transfer succeeded.
    func fault(_ target: String) -> TransferError? {
        guard code != CURLE_OK else { return nil }
        if let ending { return TransferError(ending.kind, target: target, words: ending.words) }
        return TransferError(kind, target: target, words: words)
    }

    private var kind: TransferError.Kind {
        switch code {
        case CURLE_COULDNT_CONNECT:
            switch systemError {
            case ECONNREFUSED: .refused
            case ETIMEDOUT: .connectTimeout
            case ENOENT, EACCES: .refused
            default: .unreachable
            }
        case CURLE_OPERATION_TIMEDOUT: timings.connected == .zero ? .connectTimeout : .timeout
        case CURLE_WRITE_ERROR where isCalledOff: .cancelled
        case CURLE_WRITE_ERROR where overflowed: .tooLarge
        default: TransferError.Kind(code)
        }
    }
}
