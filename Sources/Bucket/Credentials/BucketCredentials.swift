public import Events

/// An access key of an S3-compatible store. Printing one shows the access key's id only.
public struct BucketCredentials: Sendable, Equatable {
    public let accessKey: String
    let secretKey: String
    let sessionToken: String?
    /// When they end; nil if they do not.
    public let expiry: Timestamp?

    public init(
        accessKey: String, secretKey: String, sessionToken: String? = nil,
        expiry: Timestamp? = nil
    ) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
        self.expiry = expiry
    }
}

extension BucketCredentials: CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    public var description: String { "access key \(accessKey)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["accessKey": accessKey]) }
}

/// A place where credentials come from.
public protocol BucketCredentialSource: Sendable {
    /// Reads the credentials again. Returns nil if this source is not configured.
    func read() async throws(BucketFault) -> BucketCredentials?
}

/// The first configured of several sources, kept until ¾ of the credentials' life is over.
///
/// One read runs at a time, and all callers that need one share it. If a renewal fails, the
/// current credentials are used to their end. Thread-safe.
public actor BucketCredentialChain {
    private let sources: [any BucketCredentialSource]
    private let clock: WallClock
    private var held: (credentials: BucketCredentials, renewal: Timestamp)?
    private var reading: Task<Result<BucketCredentials, BucketFault>, Never>?
    /// After a failed renewal, the time before the next one.
    private static let pause = Duration.seconds(30)
    /// Credentials without an end may change in their file or environment.
    private static let reread = Duration.seconds(60)
    /// The least time between two reads, unless the store refused the credentials.
    private static let shortest = Duration.seconds(5)

    public init(_ sources: [any BucketCredentialSource], clock: WallClock = .system) {
        self.sources = sources
        self.clock = clock
    }

    /// Throws `.credentials` if no source has any.
    public func current() async throws(BucketFault) -> BucketCredentials {
        if let held, clock.now < held.renewal { return held.credentials }
        let task =
            reading
            ?? Task { [sources] in
                do throws(BucketFault) {
                    for source in sources {
                        if let found = try await source.read() { return .success(found) }
                    }
                    return .failure(
                        BucketFault(
                            .credentials, place: "bucket",
                            words:
                                "no credentials: neither keys, environment, file, web identity, container nor instance has any (in a container on EC2, the instance's metadata service answers only with a hop limit of 2)"
                        ))
                } catch { return .failure(error) }
            }
        reading = task
        let result = await task.value
        // The first caller to resume stores the result: another read may run before the others do.
        let isFirst = reading == task
        if isFirst { reading = nil }
        let now = clock.now
        switch result {
        case .success(let found):
            if isFirst { held = (found, Self.renewal(of: found, at: now)) }
            return found
        case .failure(let fault):
            guard let held, held.credentials.expiry.map({ now < $0 }) ?? true else { throw fault }
            if isFirst { self.held = (held.credentials, now + Self.pause) }
            return held.credentials
        }
    }

    /// Forgets the credentials after the store refused them.
    public func forget() { held = nil }

    private static func renewal(of found: BucketCredentials, at now: Timestamp) -> Timestamp {
        guard let expiry = found.expiry else { return now + reread }
        // A service may give credentials that are about to end, or have: it is not asked again for
        // each request.
        return now + max((expiry - now) * 3 / 4, shortest)
    }
}
