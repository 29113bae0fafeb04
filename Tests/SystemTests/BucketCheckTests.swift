import Foundation
import TestSupport
import Testing

/// `check` with a real store, and a proxy before it.
@Suite("The check of a bucket")
struct BucketCheckTests {
    let folder: TemporaryDirectory
    let store: ObjectStore

    init() async throws {
        folder = try TemporaryDirectory("bucket-check")
        store = try await ObjectStore.shared()
    }

    private func check(
        _ endpoint: String, _ arguments: [String] = [], secret: String = ObjectStore.secretKey,
        url: String = "s3://\(ObjectStore.bucket)/check/\(UInt64.random(in: .min ... .max))"
    ) async throws -> CommandRun {
        try Data(secret.utf8).write(to: URL(fileURLWithPath: folder.file("secret")))
        try """
        data_dir: \(folder.path)/data
        bucket:
          url: "\(url)"
          endpoint: "\(endpoint)"
          credentials: {access_key: \(ObjectStore.accessKey), secret_key_file: \(folder.path)/secret}
        """.write(toFile: folder.file("b.yaml"), atomically: true, encoding: .utf8)
        return try await CommandRun(
            ["check", "--config", folder.file("b.yaml")] + arguments, in: folder.path)
    }

    @Test("names what the store permits, and the refused permission at its key")
    func permissions() async throws {
        let good = try await check(store.endpoint)
        #expect(good.exit == .code(0), "\(good.errors)")
        for subject in [
            "write (s3:PutObject)", "read (s3:GetObject)", "list (s3:ListBucket)", "clock",
            "create only (If-None-Match)", "remove (s3:DeleteObject)",
            "abort an upload (s3:AbortMultipartUpload)",
        ] {
            #expect(good.errors.contains(": \(subject)\n"), "\(good.errors)")
        }
        let wrong = try await check(store.endpoint, secret: "wrong")
        #expect(wrong.exit == .code(78))
        #expect(wrong.errors.contains("b.yaml:5:"), "\(wrong.errors)")
        #expect(wrong.errors.contains("SignatureDoesNotMatch"), "\(wrong.errors)")
        #expect(!wrong.errors.contains("no fault found"))
        let missing = try await check(store.endpoint, url: "s3://no-such-bucket/x")
        #expect(missing.exit == .code(78))
        #expect(missing.errors.contains("NoSuchBucket"), "\(missing.errors)")
    }

    @Test("refuses a store that ignores the condition, and one that refuses to remove")
    func refusals() async throws {
        let proxy = try await StoreProxy.start(
            store, .init(always: ["PUT": .ignoreCondition, "DELETE": .denied]))
        let found = try await check(proxy.endpoint)
        #expect(found.exit == .code(78))
        #expect(found.errors.contains("ignores the condition"), "\(found.errors)")
        #expect(found.errors.contains("remove (s3:DeleteObject): DELETE s3://"), "\(found.errors)")
        // Without the store, everything else is checked.
        #expect(try await check(proxy.endpoint, ["--offline"]).exit == .code(0))
        let malformed = try await check(proxy.endpoint, url: "s3://A")
        #expect(malformed.exit == .code(78))
        #expect(malformed.errors.contains("bucket.url"), "\(malformed.errors)")
    }
}
