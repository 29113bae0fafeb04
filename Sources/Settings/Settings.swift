/// The whole configuration, typed; every value within its range.
///
/// A value of this type was read without a fault, or is the embedded defaults.
/// Relative paths mean what they mean to the process: from its working folder.
public struct Settings: Sendable, Equatable {
    /// What a node does.
    public enum Role: String, Sendable, CaseIterable {
        case gateway
        case notifier
    }

    /// The node's name in events; the host's name by default.
    public var node: String
    /// The zone's name in events and digests.
    public var az = "local"
    public var roles: [Role] = [.gateway, .notifier]
    public var dataDirectory = "./data"
    /// Whether secrets may stand in the file itself.
    public var allowInlineSecrets = false
    public var listen = Listen()
    public var auth = Auth()
    public var analysis = Analysis()
    public var policy = Policy()
    public var forward = Forward()
    public var log = Log()
    public var digest = Digest()
    public var receivers = Receiver.standard
    public var route = Route(receivers: ["kept"])
    public var silences: [Silence] = []
    public var telemetry = Telemetry()

    init(node: String) { self.node = node }

    /// What a node runs on without a configuration.
    public static var embedded: Settings { Settings(node: hostName()) }

    public func has(_ role: Role) -> Bool { roles.contains(role) }
}
