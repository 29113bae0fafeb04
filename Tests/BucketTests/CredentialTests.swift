import Events
import Foundation
import Secrets
import Synchronization
import Telemetry
import TestSupport
import Testing
import Transfer

@testable import Bucket

@Suite("Bucket credentials")
final class CredentialTests: Sendable {
    let engine = TransferEngine(telemetry: .silent)

    deinit { engine.shutdown() }

    private func chain(_ environment: [String: String]) -> BucketCredentialChain {
        var environment = environment
        environment["AWS_EC2_METADATA_DISABLED"] =
            environment["AWS_EC2_METADATA_DISABLED"] ?? "true"
        return .automatic(environment: environment, region: "us-east-1", engine: engine)
    }

    @Test("the environment comes first, and half of a pair is a fault")
    func environment() async throws {
        let found = try await chain([
            "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t",
        ]).current()
        #expect(found == BucketCredentials(accessKey: "a", secretKey: "s", sessionToken: "t"))
        let fault = await #expect(throws: BucketFault.self) {
            try await self.chain(["AWS_ACCESS_KEY_ID": "a"]).current()
        }
        #expect(fault?.words.contains("only one is set") == true)
        let none = await #expect(throws: BucketFault.self) { try await self.chain([:]).current() }
        #expect(none?.kind == .credentials)
    }

    @Test("a profile of the shared file is found, and a requested one must exist")
    func sharedFile() async throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("credentials")
        try Data(
            """
            # comment
            [default]
            aws_access_key_id = one
            aws_secret_access_key=two
            [other]
            aws_access_key_id=three
              aws_secret_access_key = fo=ur
            aws_session_token = five
            """.utf8
        ).write(to: URL(fileURLWithPath: path))
        let file = ["AWS_SHARED_CREDENTIALS_FILE": path]
        #expect(
            try await chain(file).current()
                == BucketCredentials(accessKey: "one", secretKey: "two"))
        #expect(
            try await chain(file.merging(["AWS_PROFILE": "other"]) { $1 }).current()
                == BucketCredentials(
                    accessKey: "three", secretKey: "fo=ur", sessionToken: "five"))
        try Data("\u{FEFF}[default]\r\naws_access_key_id=a\r\naws_secret_access_key=b\r\n".utf8)
            .write(to: URL(fileURLWithPath: path))
        #expect(
            try await chain(file).current() == BucketCredentials(accessKey: "a", secretKey: "b"))
        for missing in [
            file.merging(["AWS_PROFILE": "none"]) { $1 },
            ["AWS_SHARED_CREDENTIALS_FILE": path + ".none"],
        ] {
            let fault = await #expect(throws: BucketFault.self) {
                try await self.chain(missing).current()
            }
            #expect(fault?.kind == .credentials)
        }
    }

    @Test("web identity, container and instance give credentials that end")
    func services() async throws {
        let double = try await PythonDouble.start("aws_double.py", [])
        let base = "http://127.0.0.1:\(double.port)"
        let folder = try TemporaryDirectory()
        let token = folder.file("token")
        try Data("a.web/identity+token=\n".utf8).write(to: URL(fileURLWithPath: token))
        let web = try await chain([
            "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/bellwether",
            "AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ENDPOINT_URL_STS": base + "/",
        ]).current()
        #expect(web.accessKey == "sts-1")
        #expect(web.sessionToken == "session")
        try Data("container token\n".utf8).write(to: URL(fileURLWithPath: token))
        let container = try await chain([
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": base + "/container",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": token,
        ]).current()
        #expect(container.accessKey == "container-2")
        let instance = try await chain([
            "AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": base,
        ]).current()
        #expect(instance.accessKey == "instance-3")
        for found in [web, container, instance] {
            let expiry = try #require(found.expiry)
            #expect(expiry > WallClock.system.now + .seconds(3500))
        }
        let refused = await #expect(throws: BucketFault.self) {
            try await self.chain([
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": base + "/container"
            ]).current()
        }
        #expect(refused?.words.contains("403") == true)
    }

    @Test(
        "a container endpoint on plain http must be a known address",
        arguments: [
            ("https://example.com/x", true), ("http://169.254.170.2/x", true),
            ("http://169.254.170.23/v1", true), ("http://[fd00:ec2::23]/v1", true),
            ("http://127.0.0.1:80/x", true), ("http://localhost/x", true),
            ("http://example.com/x", false), ("http://127.0.0.1.example.com/x", false),
            ("ftp://127.0.0.1/x", false),
        ])
    func trust(url: String, isTrusted: Bool) {
        #expect(ContainerIdentity.isTrusted(url) == isTrusted)
    }

    // MARK: - Renewal

    /// Gives numbered credentials, or fails.
    private final class Source: BucketCredentialSource {
        private let state = Mutex((count: 0, fails: false))
        private let clock: WallClock
        private let life: Duration?

        init(_ clock: WallClock, life: Duration?) {
            self.clock = clock
            self.life = life
        }

        var count: Int { state.withLock { $0.count } }

        func setFails(_ fails: Bool) { state.withLock { $0.fails = fails } }

        func read() async throws(BucketFault) -> BucketCredentials? {
            let (count, fails) = state.withLock { state in
                state.count += 1
                return (state.count, state.fails)
            }
            if fails { throw BucketFault(.credentials, place: "test", words: "failed") }
            return BucketCredentials(
                accessKey: "\(count)", secretKey: "s", expiry: life.map { clock.now + $0 })
        }
    }

    @Test("credentials are renewed at three quarters of their life, and used to their end")
    func renewal() async throws {
        let clock = ManualClock()
        let source = Source(clock.wall, life: .seconds(1000))
        let chain = BucketCredentialChain([source], clock: clock.wall)
        #expect(try await chain.current().accessKey == "1")
        clock.advance(by: .seconds(749))
        #expect(try await chain.current().accessKey == "1")
        clock.advance(by: .seconds(2))
        source.setFails(true)
        #expect(try await chain.current().accessKey == "1")
        #expect(source.count == 2)
        // The next try is after a pause.
        #expect(try await chain.current().accessKey == "1")
        #expect(source.count == 2)
        clock.advance(by: .seconds(31))
        #expect(try await chain.current().accessKey == "1")
        #expect(source.count == 3)
        clock.advance(by: .seconds(220))
        await #expect(throws: BucketFault.self) { try await chain.current() }
        source.setFails(false)
        #expect(try await chain.current().accessKey == "5")
        await chain.forget()
        #expect(try await chain.current().accessKey == "6")
    }

    @Test("credentials that are about to end are not read again for each request")
    func ending() async throws {
        let clock = ManualClock()
        let source = Source(clock.wall, life: .seconds(1))
        let chain = BucketCredentialChain([source], clock: clock.wall)
        #expect(try await chain.current().accessKey == "1")
        clock.advance(by: .seconds(4))
        #expect(try await chain.current().accessKey == "1")
        clock.advance(by: .seconds(2))
        #expect(try await chain.current().accessKey == "2")
        // The store says that they have ended.
        await chain.forget()
        #expect(try await chain.current().accessKey == "3")
    }

    @Test("callers at the same time share one read")
    func sharing() async throws {
        let source = Source(.system, life: nil)
        let chain = BucketCredentialChain([source])
        let keys = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<20 { group.addTask { try await chain.current().accessKey } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(keys == ["1"])
    }
}
