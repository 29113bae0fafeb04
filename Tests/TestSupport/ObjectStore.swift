import Events
import Foundation

/// A real S3-compatible store (SeaweedFS) with one empty bucket, on loopback.
///
/// The executable `weed` is beside `$BELLWETHER_TEST_PYTHON`, else on the PATH. With
/// `$BELLWETHER_TEST_S3_PORT` it is the store on that port, as `Scripts/test-ceph.sh` starts one.
public final class ObjectStore: Sendable {
    public static let accessKey = "TESTKEY"
    public static let secretKey = "test/secret+key"
    public static let bucket = "testbucket"

    /// nil for a store that this process has not started.
    private let process: ChildProcess?
    private let folder: TemporaryDirectory
    public let port: Int

    private init(_ process: ChildProcess?, _ folder: TemporaryDirectory, _ port: Int) {
        self.process = process
        self.folder = folder
        self.port = port
    }

    public var endpoint: String { "http://127.0.0.1:\(port)" }

    /// Starts the store and waits until it has the bucket.
    public static func start() async throws -> ObjectStore {
        let folder = try TemporaryDirectory("store")
        let given = ProcessInfo.processInfo.environment["BELLWETHER_TEST_S3_PORT"]
        if let port = given.flatMap({ Int($0) }) {
            let store = ObjectStore(nil, folder, port)
            try await eventually("the store has the bucket") { try await store.makeBucket() }
            return store
        }
        let identity: [String: Any] = [
            "identities": [
                [
                    "name": "test",
                    "credentials": [["accessKey": accessKey, "secretKey": secretKey]],
                    "actions": ["Admin", "Read", "Write", "List"],
                ]
            ]
        ]
        try JSONSerialization.data(withJSONObject: identity)
            .write(to: URL(fileURLWithPath: folder.file("s3.json")))
        var arguments = [
            "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-dir=\(folder.path)", "-s3",
            "-s3.config=\(folder.file("s3.json"))",
            // A bucket takes several volumes; they are small and not allocated ahead.
            "-volume.max=200", "-master.volumeSizeLimitMB=256", "-master.volumePreallocate=false",
            "-master.telemetry=false",
        ]
        // Servers that nobody needs, and whose ports another store on this machine may have.
        arguments += ["-s3.port.iceberg=0", "-s3.port.lance=0"]
        let port = try FreePort.take()
        arguments += ["-s3.port=\(port)", "-s3.port.grpc=\(try FreePort.take())"]
        for part in ["master", "volume", "filer"] {
            arguments += [
                "-\(part).port=\(try FreePort.take())", "-\(part).port.grpc=\(try FreePort.take())",
            ]
        }
        let process = try ChildProcess(executable, arguments, directory: folder.path)
        let store = ObjectStore(process, folder, port)
        try await eventually("the store has the bucket", within: .seconds(120)) {
            try await store.makeBucket()
        }
        return store
    }

    /// The store that all suites of this process share; each test uses a prefix of its own.
    public static func shared() async throws -> ObjectStore { try await sharing.value }

    private static let sharing = Task<ObjectStore, any Error> { try await start() }

    private static var executable: String {
        let python = URL(fileURLWithPath: PythonDouble.interpreter)
        let beside = python.deletingLastPathComponent().appendingPathComponent("weed").path
        return FileManager.default.isExecutableFile(atPath: beside) ? beside : "weed"
    }

    /// Creates the bucket by curl's own signing, which suffices for a request without a query. Ceph
    /// demands the hash of the body, which curl does not add.
    private func makeBucket() async throws -> Bool {
        let curl = try ChildProcess(
            "curl",
            [
                "-s", "-o", "/dev/null", "-w", "%{http_code}\n", "-X", "PUT",
                "-H", "x-amz-content-sha256: \(ContentHash.hex([]))",
                "--aws-sigv4", "aws:amz:us-east-1:s3",
                "-u", "\(Self.accessKey):\(Self.secretKey)", "\(endpoint)/\(Self.bucket)",
            ])
        return try await curl.line() == "200"
    }

    public func kill() { process?.kill() }
}

/// A proxy before an `ObjectStore` that makes chosen requests fail.
public final class StoreProxy: Sendable {
    /// What happens to a request.
    public enum Fault: String, Sendable, Codable {
        /// The request is passed on.
        case none
        /// An answer of this status; the store does not get the request.
        case busy = "503"
        case conflict = "409"
        case denied = "403"
        /// The connection is closed; the store does not get the request.
        case refuse
        /// No answer comes; the store does not get the request.
        case hang
        /// The store does the work, and the answer is lost.
        case loseAnswer = "lose-answer"
        /// The answer ends after half of its body.
        case cutBody = "cut-body"
        /// The store gets the request without its condition.
        case ignoreCondition = "ignore-condition"
        /// 404 without a store's document, as of a server that is none.
        case notFound = "404"
        /// 200 with a page, as of a proxy that wants a login.
        case page
        /// AWS' answer to a token that has expired.
        case expiredToken = "expired-token"
        /// AWS' answer for a bucket of another region.
        case otherRegion = "other-region"
        /// A listing of `Script.listed` alone, as of a store that lists an object later than it
        /// returns it.
        case list
        /// 200 with an error in its body, as `CompleteMultipartUpload` may answer.
        case errorInBody = "error-in-body"
    }

    /// The faults of the next requests of a method, in order; the last of `always` repeats.
    public struct Script: Sendable, Encodable {
        public var faults: [String: [Fault]]
        /// The fault of every further request of a method.
        public var always: [String: Fault]
        /// Only requests whose target contains this have faults.
        public var only: String
        /// The keys that `Fault.list` lists.
        public var listed: [String]

        public init(
            faults: [String: [Fault]] = [:], always: [String: Fault] = [:], only: String = "",
            listed: [String] = []
        ) {
            self.faults = faults
            self.always = always
            self.only = only
            self.listed = listed
        }
    }

    private let double: PythonDouble
    private let folder: TemporaryDirectory

    private init(_ double: PythonDouble, _ folder: TemporaryDirectory) {
        self.double = double
        self.folder = folder
    }

    public var endpoint: String { "http://127.0.0.1:\(double.port)" }

    public static func start(
        _ store: ObjectStore, _ script: Script = Script()
    ) async throws -> StoreProxy {
        let folder = try TemporaryDirectory("proxy")
        let path = folder.file("script.json")
        try JSONEncoder().encode(script).write(to: URL(fileURLWithPath: path))
        let double = try await PythonDouble.start(
            "s3_proxy.py", ["--upstream", "\(store.port)", "--folder", folder.path])
        return StoreProxy(double, folder)
    }

    /// Every request so far, as `METHOD PATH STATUS`.
    public func requests() throws -> [String] {
        let text = try? String(contentsOfFile: folder.file("requests.txt"), encoding: .utf8)
        return text?.split(separator: "\n").map(String.init) ?? []
    }
}
