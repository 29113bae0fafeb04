import Bucket
import Core
import Events
import JSON
import Settings
import Synchronization
import Telemetry
import Transfer

/// The other node of a pair: where it is, and whether it leads.
///
/// Each node writes its own address to `ha/` in the bucket and remembers those of others, so that
/// it can ask them while the bucket does not answer. Thread-safe.
final class OtherNode: Sendable {
    private static let folder = "ha/"
    /// The time between two reads of the addresses.
    private static let pause = Duration.seconds(300)
    private static let deadline = Duration.seconds(2)
    /// Addresses that nodes had earlier stay there. Only so many are read and asked.
    private static let most = 32

    private let own: String
    private let trust: TLSTrust
    private let store: BucketStore
    private let telemetry: Telemetry
    private let addresses = Mutex<[String]>([])

    init(_ pair: Settings.Pair, _ store: BucketStore, telemetry: Telemetry) {
        own = pair.advertise
        trust = pair.caFile.isEmpty ? .system : .file(pair.caFile)
        self.store = store
        self.telemetry = telemetry
    }

    /// The known addresses of other nodes.
    var known: [String] { addresses.withLock { $0 } }

    /// Writes the own address and reads the others, until cancelled.
    func run() async {
        var isWritten = false
        while !Task.isCancelled {
            do throws(BucketFault) {
                if !isWritten { try await write() }
                isWritten = true
                try await look()
            } catch {
                telemetry.emit(BucketUpkeepFailed(work: .listing, fault: "\(error)"))
                try? await Task.sleep(for: .seconds(5))
                continue
            }
            // A second node that starts later is found soon.
            try? await Task.sleep(for: known.isEmpty ? .seconds(5) : Self.pause)
        }
    }

    private func write() async throws(BucketFault) {
        var json = JSONWriter()
        json.object { json in json.member("advertise", own) }
        try await store.bucket.put(Self.folder + ContentHash.hex(own.utf8).prefix(16), json.bytes)
    }

    private func look() async throws(BucketFault) {
        var found: [String] = []
        for object in try await store.bucket.list(Self.folder, first: Self.most) {
            guard let bytes = try await store.bucket.present(object.name),
                let tree = try? JSONValue(
                    parsing: bytes, limits: JSONLimits(maxBytes: 4096, maxDepth: 3)),
                let address = tree["advertise"]?.string, address.hasPrefix("https://"),
                address != own
            else { continue }
            found.append(address)
        }
        let addresses = found
        self.addresses.withLock { $0 = addresses }
    }

    /// Whether another node answers that it leads.
    func leads() async -> Bool { await statuses(of: "/readyz?role=leader").contains(200) }

    /// Whether another node answers that it is ready; nil if none answers.
    func isReady() async -> Bool? {
        let statuses = await statuses(of: "/readyz")
        return statuses.isEmpty ? nil : statuses.contains(200)
    }

    private func statuses(of path: String) async -> [Int] {
        // At once: an address that nobody has any more takes the whole deadline.
        await withTaskGroup(of: Int?.self, returning: [Int].self) { group in
            for address in known {
                group.addTask { [engine = store.engine, trust] in
                    try? await engine.http(
                        HTTPTransfer(
                            url: address + path, deadline: Self.deadline,
                            connectDeadline: Self.deadline, tls: trust)
                    ).status
                }
            }
            return await group.reduce(into: []) { statuses, status in
                if let status { statuses.append(status) }
            }
        }
    }
}
