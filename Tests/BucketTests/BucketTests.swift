import Events
import Foundation
import Secrets
import Telemetry
import TestSupport
import Testing
import Transfer

@testable import Bucket

/// Against a real store, and a proxy before it that makes requests fail.
@Suite("Bucket")
final class BucketTests: Sendable {
    let store: ObjectStore
    let engine = TransferEngine(telemetry: .silent)
    /// Of this test alone.
    let prefix = "/tests/\(UInt64.random(in: .min ... .max))"

    init() async throws { store = try await ObjectStore.shared() }

    deinit { engine.shutdown() }

    private func bucket(
        _ endpoint: String? = nil, below name: String = "",
        secret: String = ObjectStore.secretKey
    ) throws -> Bucket {
        Bucket(
            try BucketLocation(
                url: "s3://\(ObjectStore.bucket)\(prefix)\(name)",
                endpoint: endpoint ?? store.endpoint),
            credentials: BucketCredentialChain([
                ConfiguredKeys(
                    accessKey: .value(ObjectStore.accessKey), secretKey: .value(secret))
            ]), engine: engine, tls: .system, clock: .system, sleep: { _ in })
    }

    private func pattern(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 131 &+ $0 >> 8) }
    }

    @Test("objects are written, read whole and in part, listed and removed; the probe passes")
    func objects() async throws {
        let bucket = try bucket()
        #expect(try await bucket.present("one") == nil)
        #expect(try await bucket.size("one") == nil)
        let bytes = pattern(100_000)
        try await bucket.put("one", bytes)
        #expect(try await bucket.get("one") == bytes)
        #expect(try await bucket.size("one") == bytes.count)
        #expect(try await bucket.get("one", range: 777..<50_001) == Array(bytes[777..<50_001]))
        await #expect(throws: BucketFault.self) {
            try await bucket.get("one", range: 99_999..<100_001)
        }

        // Other prefixes of the same bucket are not seen.
        try await self.bucket(below: "2").put("one", [1])
        for name in ["seg/2", "seg/10", "seg/1"] { try await bucket.put(name, [1, 2, 3]) }
        #expect(
            try await bucket.list("seg/")
                == ["seg/1", "seg/10", "seg/2"].map { BucketObject(name: $0, size: 3) })
        #expect(try await bucket.list("seg/", after: "seg/1").map(\.name) == ["seg/10", "seg/2"])
        #expect(try await bucket.list("").map(\.name) == ["one", "seg/1", "seg/10", "seg/2"])
        try await bucket.remove("seg/10")
        try await bucket.remove("seg/10")
        #expect(try await bucket.list("seg/").map(\.name) == ["seg/1", "seg/2"])

        let findings = await BucketProbe(bucket).run()
        #expect(findings.count == 7)
        for finding in findings { #expect(finding.fault == nil, "\(finding)") }
        #expect(try await bucket.list("probe/") == [])
    }

    @Test("an object is created once; the same bytes again are no fault, others are")
    func creation() async throws {
        let bucket = try bucket()
        #expect(try await bucket.create("log/1", [1]) == .created)
        #expect(try await bucket.create("log/1", [1]) == .existed)
        let fault = await #expect(throws: BucketFault.self) {
            try await bucket.create("log/1", [2])
        }
        #expect(fault?.kind == .taken)
        #expect(try await bucket.get("log/1") == [1])
    }

    @Test("more objects than a page holds are listed once each, in order")
    func pages() async throws {
        let bucket = try bucket()
        let names = (0..<1100).map { "n/\(String($0 + 10_000))" }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for name in names { group.addTask { try await bucket.put(name, [7]) } }
            try await group.waitForAll()
        }
        #expect(try await bucket.list("n/").map(\.name) == names)
    }

    @Test("a large file arrives in parts; a file that ends early leaves nothing")
    func upload() async throws {
        let bucket = try bucket()
        let folder = try TemporaryDirectory()
        let bytes = pattern(Bucket.part * 2 + 12_345)
        let path = folder.file("segment")
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        try await bucket.upload("large", from: path, size: bytes.count)
        #expect(try await bucket.get("large") == bytes)
        try await bucket.upload("small", from: path, size: 1000)
        #expect(try await bucket.get("small") == Array(bytes.prefix(1000)))
        await #expect(throws: BucketFault.self) {
            try await bucket.upload("short", from: path, size: bytes.count + 1)
        }
        #expect(try await bucket.size("short") == nil)
        // No parts are left behind.
        let uploads = try await bucket.send(BucketRequest(method: "GET", query: [("uploads", "")]))
        let text = String(decoding: uploads.body, as: UTF8.self)
        #expect(text.contains("ListMultipartUploadsResult"))
        for name in ["large", "small", "short"] {
            #expect(!text.contains("<Key>\(bucket.location.key(name))</Key>"))
        }
    }

    @Test("a refusal of wrong keys quotes the store's error")
    func denied() async throws {
        let fault = await #expect(throws: BucketFault.self) {
            try await self.bucket(secret: "wrong").put("x", [1])
        }
        #expect(fault?.kind == .denied)
        #expect(fault?.words.contains("SignatureDoesNotMatch") == true)
        let findings = await BucketProbe(try bucket(secret: "wrong")).run()
        #expect(findings.count == 1)
        #expect(findings.first?.fault?.words.contains("SignatureDoesNotMatch") == true)
    }

    // MARK: - Failing requests

    @Test(
        "a failure that may pass is tried again, and nothing is written twice",
        arguments: [
            StoreProxy.Fault.busy, .conflict, .refuse, .loseAnswer,
        ])
    func passing(fault: StoreProxy.Fault) async throws {
        let proxy = try await StoreProxy.start(store, .init(faults: ["PUT": [fault, fault]]))
        let bucket = try bucket(proxy.endpoint)
        let creation = try await bucket.create("log/1", [1, 2, 3])
        // Where the first answer was lost, our own object answers 412.
        #expect(creation == (fault == .loseAnswer ? .existed : .created))
        #expect(try await bucket.get("log/1") == [1, 2, 3])
        #expect(try proxy.requests().filter { $0.hasPrefix("PUT") }.count == 3)
        #expect(bucket.pace.limit == (fault == .conflict ? 16 : 4))
    }

    @Test("an upload whose completion was not answered is complete")
    func lostCompletion() async throws {
        let proxy = try await StoreProxy.start(
            store, .init(faults: ["POST": [.none, .loseAnswer]]))
        let bucket = try bucket(proxy.endpoint)
        let folder = try TemporaryDirectory()
        let bytes = pattern(Bucket.part + 1)
        let path = folder.file("segment")
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        try await bucket.upload("large", from: path, size: bytes.count)
        #expect(try await bucket.get("large") == bytes)
        #expect(try proxy.requests().filter { $0.hasPrefix("POST") }.count == 3)
    }

    @Test("a body that was cut off is read again, and never taken for the whole")
    func cutBody() async throws {
        let proxy = try await StoreProxy.start(store, .init(faults: ["GET": [.cutBody]]))
        let bucket = try bucket(proxy.endpoint)
        let bytes = pattern(50_000)
        try await bucket.put("cut", bytes)
        #expect(try await bucket.get("cut") == bytes)
        let cut = try await StoreProxy.start(store, .init(always: ["GET": .cutBody]))
        let fault = await #expect(throws: BucketFault.self) {
            try await self.bucket(cut.endpoint).get("cut")
        }
        #expect(fault?.kind == .unreachable)
        #expect(try cut.requests().count == 6)
    }

    @Test("a store that stays busy gets a bounded number of requests")
    func bounded() async throws {
        let proxy = try await StoreProxy.start(store, .init(always: ["PUT": .busy]))
        let bucket = try bucket(proxy.endpoint)
        for _ in 0..<30 {
            let fault = await #expect(throws: BucketFault.self) { try await bucket.put("x", [1]) }
            #expect(fault?.kind == .busy)
        }
        // 30 requests, and a budget of 20 retries.
        #expect(try proxy.requests().count == 50)
        #expect(bucket.pace.limit == 1)
    }

    @Test("a refusal is not tried again, except once with renewed keys")
    func refusal() async throws {
        let proxy = try await StoreProxy.start(store, .init(always: ["PUT": .denied]))
        let fault = await #expect(throws: BucketFault.self) {
            try await self.bucket(proxy.endpoint).put("x", [1])
        }
        #expect(fault?.kind == .denied)
        #expect(try proxy.requests().count == 2)
    }

    @Test("the probe refuses a store that ignores the condition")
    func ignoredCondition() async throws {
        let proxy = try await StoreProxy.start(store, .init(always: ["PUT": .ignoreCondition]))
        let findings = await BucketProbe(try bucket(proxy.endpoint)).run()
        let finding = try #require(findings.first { $0.subject.contains("If-None-Match") })
        #expect(finding.fault?.words.contains("ignores the condition") == true)
        #expect(findings.filter { $0.fault != nil }.count == 1)
    }
}
