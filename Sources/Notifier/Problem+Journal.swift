import HTTPTypes
import Journal
import Serving

extension Problem {
    /// 503, or 429 to a sender beyond its share: the log could not take what was
    /// sent; nothing of it was acknowledged.
    init(log error: JournalError) {
        switch error {
        case .busy:
            self = .retryLater(
                .serviceUnavailable, "log_busy", error.description, after: .seconds(1))
        case .shedding(let reason):
            self = .retryLater(
                .serviceUnavailable, "log_\(reason.rawValue)", error.description,
                after: .seconds(10))
        case .overShare:
            self = .retryLater(
                .tooManyRequests, "log_share_used", error.description, after: .seconds(60))
        default:
            self = .retryLater(
                .serviceUnavailable, "log_unavailable",
                "the log could not be made durable; nothing of this body was kept",
                after: .seconds(5))
        }
    }
}
