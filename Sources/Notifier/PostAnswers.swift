import EventLog
public import Events
import HTTPTypes
import Server

/// When a post whose lines are stored is answered: once they outlive this machine.
///
/// One rule for all posts that are acknowledged (`/v1/events`, `/v1/logs`, `/v1/hooks/…`), since who
/// gets a 200 forgets the lines. On a node with a bucket they are there before the answer. Only a
/// sender that keeps its lines until a receipt reports them as shipped, as a gateway does, asks to
/// be answered earlier, by `AnswerPoint.header`.
public struct PostAnswers: Sendable {
    /// nil without a bucket.
    private let untilShipped: (@Sendable (LogPosition) async -> Bool)?

    /// - Parameter untilShipped: Waits until the lines before a position are in the bucket; returns
    ///   false if that takes too long.
    public init(untilShipped: @escaping @Sendable (LogPosition) async -> Bool) {
        self.untilShipped = untilShipped
    }

    private init() { untilShipped = nil }

    /// The rule of a node without a bucket: the disk suffices.
    public static let onDisk = PostAnswers()

    /// Returns when the request with this receipt may be answered.
    ///
    /// - Throws: 503 if the bucket does not get the lines in time. They are stored here.
    func wait(
        for receipt: IngestReceipt, of exchange: Exchange
    ) async throws(Problem) {
        guard let untilShipped, receipt.accepted > 0 || receipt.duplicates > 0 else { return }
        let asked = HTTPField.Name(AnswerPoint.header).flatMap { exchange.head.headerFields[$0] }
        guard asked != AnswerPoint.disk.rawValue else { return }
        // The lines are in the log. Others need the memory while this request waits.
        exchange.releaseBody()
        if await untilShipped(receipt.end) { return }
        throw Problem.retryLater(
            .serviceUnavailable, "bucket_away",
            "the events are stored here, but the bucket has not answered in time; send them again: events with an id are stored once",
            after: .seconds(5))
    }
}
