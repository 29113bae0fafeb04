import Telemetry
import Transfer

/// A request as a user would send it, and the answer that it should get.
public struct UserPath: Sendable, Hashable {
    public var url: String
    public var status: Int
    /// Text that only a stable instance's answer contains; empty: any body.
    public var contains: String
    /// Good answers in a row that count as stable.
    public var times: Int
    public var caFile: String

    public init(
        url: String, status: Int = 200, contains: String = "", times: Int = 5, caFile: String = ""
    ) {
        self.url = url
        self.status = status
        self.contains = contains
        self.times = max(1, times)
        self.caFile = caFile
    }

    /// Sends one request; returns nil when the answer is good, else what was wrong with it.
    func fault(_ engine: TransferEngine) async -> String? {
        do throws(TransferError) {
            let reply = try await engine.http(
                HTTPTransfer(
                    url: url, deadline: .seconds(5),
                    tls: caFile.isEmpty ? .system : .file(caFile)))
            if reply.status != status { return "answered \(reply.status)" }
            if !contains.isEmpty,
                !String(decoding: reply.body, as: UTF8.self).contains(contains)
            {
                return "the answer does not contain \(contains)"
            }
            return nil
        } catch { return "\(error)" }
    }
}
