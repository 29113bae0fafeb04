import Events
import Foundation
import Synchronization
import Telemetry
import TestSupport
import Testing
import Transfer

@testable import Bucket

/// Answers that are not what they seem, and requests that are called off.
@Suite("Answers that no store gives")
final class ForeignAnswerTests: Sendable {
    private let store: ObjectStore
    private let engine = TransferEngine(telemetry: .silent)
    private let keys = CountedKeys()
    private let prefix = "/tests/\(UInt64.random(in: .min ... .max))"

    init() async throws { store = try await ObjectStore.shared() }

    deinit { engine.shutdown() }

    /// The store's keys; counts how often they are read.
    private final class CountedKeys: BucketCredentialSource {
        private let state = Mutex(0)

        var reads: Int { state.withLock { $0 } }

        func read() async throws(BucketFault) -> BucketCredentials? {
            state.withLock { $0 += 1 }
            return BucketCredentials(
                accessKey: ObjectStore.accessKey, secretKey: ObjectStore.secretKey,
                expiry: WallClock.system.now + .seconds(3600))
        }
    }

    private func bucket(_ endpoint: String? = nil) throws -> Bucket {
        Bucket(
            try BucketLocation(
                url: "s3://\(ObjectStore.bucket)\(prefix)", endpoint: endpoint ?? store.endpoint),
            credentials: BucketCredentialChain([keys]), engine: engine, tls: .system,
            clock: .system, sleep: { _ in })
    }

    /// The kind of the fault that `work` ends with; nil if it succeeds.
    private func kind(_ work: () async throws -> Void) async -> BucketFault.Kind? {
        do {
            try await work()
            return nil
        } catch { return (error as? BucketFault)?.kind }
    }

    @Test("a token that has expired is read again, also in the middle of an upload")
    func expiredToken() async throws {
        let proxy = try await StoreProxy.start(
            store, .init(faults: ["PUT": [.expiredToken, .none, .none, .expiredToken]]))
        let bucket = try bucket(proxy.endpoint)
        try await bucket.put("one", [1])
        #expect(try await bucket.get("one") == [1])
        #expect(keys.reads == 2)
        // The second part of three.
        let folder = try TemporaryDirectory()
        let bytes = [UInt8](repeating: 7, count: Bucket.part * 2 + 1)
        let path = folder.file("segment")
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        try await bucket.upload("large", from: path, size: bytes.count)
        #expect(try await bucket.get("large") == bytes)
        #expect(keys.reads == 3)
    }

    @Test("404 means that there is no object only if the store says so")
    func notFound() async throws {
        #expect(try await bucket().present("one") == nil)
        let proxy = try await StoreProxy.start(store, .init(always: ["GET": .notFound]))
        let fault = await #expect(throws: BucketFault.self) {
            try await self.bucket(proxy.endpoint).present("one")
        }
        #expect(fault?.kind == .noBucket)
    }

    @Test("a page with status 200 is neither a stored object nor one that was read")
    func page() async throws {
        try await bucket().put("one", [1])
        let proxy = try await StoreProxy.start(
            store, .init(always: ["GET": .page, "PUT": .page]))
        let bucket = try bucket(proxy.endpoint)
        let put = await kind { try await bucket.put("two", [2]) }
        #expect(put == .answer)
        let created = await kind { _ = try await bucket.create("two", [2]) }
        #expect(created == .answer)
        let got = await kind { _ = try await bucket.get("one") }
        #expect(got == .answer)
        let part = await kind { _ = try await bucket.get("one", range: 0..<1) }
        #expect(part == .answer)
        let listed = await kind { _ = try await bucket.list("") }
        #expect(listed == .answer)
        #expect(try await self.bucket().present("two") == nil)
    }

    @Test("a redirect to another region is not followed, and names it")
    func otherRegion() async throws {
        let proxy = try await StoreProxy.start(store, .init(always: ["PUT": .otherRegion]))
        let fault = await #expect(throws: BucketFault.self) {
            try await self.bucket(proxy.endpoint).put("one", [1])
        }
        #expect(fault?.kind == .answer)
        #expect(fault?.words.contains("the bucket is in the region eu-central-1") == true)
        #expect(fault?.remedy.contains("bucket.region") == true)
        #expect(try proxy.requests().count == 1)
    }

    @Test("a completion that fails with status 200 stores nothing and leaves no parts")
    func errorInBody() async throws {
        let proxy = try await StoreProxy.start(
            store, .init(faults: ["POST": [.none, .errorInBody]]))
        let bucket = try bucket(proxy.endpoint)
        let folder = try TemporaryDirectory()
        let path = folder.file("segment")
        let size = Bucket.part + 1
        try Data(repeating: 7, count: size).write(to: URL(fileURLWithPath: path))
        let fault = await #expect(throws: BucketFault.self) {
            try await bucket.upload("large", from: path, size: size)
        }
        #expect(fault?.kind == .busy)
        #expect(fault?.words.contains("InternalError") == true)
        #expect(try await bucket.size("large") == nil)
        #expect(try proxy.requests().filter { $0.hasPrefix("DELETE") }.count == 1)
    }

    @Test("an upload that is called off does not wait for a store that hangs")
    func calledOff() async throws {
        let proxy = try await StoreProxy.start(
            store, .init(always: ["PUT": .hang, "DELETE": .hang]))
        let bucket = try bucket(proxy.endpoint)
        let folder = try TemporaryDirectory()
        let path = folder.file("segment")
        let size = Bucket.part + 1
        try Data(repeating: 7, count: size).write(to: URL(fileURLWithPath: path))
        let upload = Task { try? await bucket.upload("large", from: path, size: size) }
        try await eventually("a part is on its way") {
            try proxy.requests().contains { $0.hasPrefix("PUT") && $0.hasSuffix("hung") }
        }
        upload.cancel()
        _ = await upload.value
        // Tries without a bound would be six.
        #expect(try proxy.requests().filter { $0.hasPrefix("DELETE") }.count == 1)
        #expect(bucket.pace.limit == 16)
    }

    @Test("an urgent request has a place beside others, and who is called off gives its turn up")
    func pace() async throws {
        let pace = RequestPace(most: 1)
        #expect(await pace.enter())
        #expect(await pace.enter(isUrgent: true))
        let calledOff = Task { await pace.enter() }
        try await eventually("one waits") { pace.waiting == 1 }
        calledOff.cancel()
        #expect(await calledOff.value == false)
        let other = Task { await pace.enter() }
        try await eventually("one waits again") { pace.waiting == 1 }
        let urgent = Task { await pace.enter(isUrgent: true) }
        try await eventually("both wait") { pace.waiting == 2 }
        pace.leave(.answered)
        #expect(await urgent.value)
        #expect(pace.waiting == 1)
        pace.leave(.cancelled)
        #expect(pace.waiting == 1)
        pace.leave(.answered)
        #expect(await other.value)
    }
}
