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
    /// Why the loop had libcurl end it.
    var ending: EasyTransfer.Ending?
    var conversation = SMTPConversation()
    /// `Name:value` lines of the certificate that the server showed, where asked for.
    var certificate: [String] = []
    var words = ""

    /// The failure as an error of ours; nil when the transfer succeeded.
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
