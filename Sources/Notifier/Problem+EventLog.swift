import HTTPTypes
import EventLog
import Server

extension Problem {
    /// The log could not append the lines that were sent; none of them was acknowledged.
    ///
    /// 429 for a sender over its share of the log, else 503.
    init(log error: EventLogError) {
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

    /// Runs a read of the log. A store of archives that cannot be read becomes 503.
    static func reading<Result>(
        _ body: () async throws(EventLogError) -> Result
    ) async throws -> Result {
        do throws(EventLogError) { return try await body() } catch .store(let fault) {
            throw Problem.retryLater(
                .serviceUnavailable, "bucket_away", fault, after: .seconds(10))
        } catch { throw error }
    }
}
