import Bucket
import EventLog
import Events
import Secrets
import Telemetry
import TestSupport
import Transfer

@testable import Shipping

/// A prefix of the real store that no other test uses, and a folder for the nodes that share it.
final class StorePrefix: Sendable {
    let store: ObjectStore
    let folder: TemporaryDirectory
    private let engine = TransferEngine(telemetry: .silent)
    private let name: String

    init(_ kind: String) async throws {
        store = try await ObjectStore.shared()
        folder = try TemporaryDirectory(kind)
        name = "\(kind)/\(UInt64.random(in: .min ... .max))"
    }

    deinit { engine.shutdown() }

    /// The bucket at this prefix, perhaps through a proxy.
    func bucket(_ endpoint: String? = nil, suffix: String = "") throws -> Bucket {
        Bucket(
            try BucketLocation(
                url: "s3://\(ObjectStore.bucket)/\(name)\(suffix)",
                endpoint: endpoint ?? store.endpoint),
            credentials: BucketCredentialChain([
                ConfiguredKeys(
                    accessKey: .value(ObjectStore.accessKey),
                    secretKey: .value(ObjectStore.secretKey))
            ]), engine: engine)
    }

    /// The key of an object in the bucket of the store.
    func key(_ object: String) -> String { "\(name)/\(object)" }

    /// Lines of some hundred bytes with the ids `e0`, `e1` and so on.
    static func events(_ numbers: Range<Int>) -> [UInt8] {
        numbers.flatMap { number in
            Array(
                #"{"ts":"2026-11-30T00:00:00Z","event":"test.line","id":"e\#(number)","text":"\#(String(repeating: "x", count: 300))"}"#
                    .utf8) + [UInt8(ascii: "\n")]
        }
    }

    /// Every line of a log with its position.
    static func lines(_ log: EventLog) async throws -> [EventLogLine] {
        var reader = log.reader(from: .start)
        var lines: [EventLogLine] = []
        while true {
            let batch = try await reader.next()
            lines += batch.lines
            if batch.isCaughtUp { return lines }
        }
    }
}

extension LogShipper {
    /// Copies lines until the task is cancelled; the task returns why it ended.
    nonisolated func start() -> Task<ShippingFault?, Never> {
        Task {
            do throws(ShippingFault) {
                try await run()
                return nil
            } catch { return error }
        }
    }
}
