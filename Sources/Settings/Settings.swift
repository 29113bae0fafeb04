/// The whole configuration, typed and validated.
///
/// A value comes from a configuration without faults, or is the embedded default. Relative paths
/// are relative to the working folder of the process.
public struct Settings: Sendable, Equatable {
    /// The tasks of a node.
    public enum Role: String, Sendable, CaseIterable {
        case gateway
        case notifier
    }

    /// The node's name in events; default: the host name.
    public var node: String
    /// The file that these settings were read from, as its path was given; nil for the embedded
    /// defaults and for a text.
    public var file: String?
    /// The availability zone's name in events and digests.
    public var az = "local"
    public var roles: [Role] = [.gateway, .notifier]
    public var dataDirectory = "./data"
    /// Whether secrets may be written into the configuration file itself.
    public var allowInlineSecrets = false
    public var listen = Listen()
    public var auth = Auth()
    public var analysis = Analysis()
    public var policy = Policy()
    public var forward = Forward()
    public var log = Log()
    /// Nil: nothing leaves this machine's disk.
    public var bucket: Bucket?
    /// Nil: this node has no second one that takes over.
    public var pair: Pair?
    public var digest = Digest()
    public var receivers = Receiver.standard
    public var route = Route(receivers: ["kept"])
    public var silences: [Silence] = []
    public var telemetry = Telemetry()

    init(node: String) { self.node = node }

    /// The settings of a node without a configuration.
    public static var embedded: Settings { Settings(node: hostName()) }

    public func has(_ role: Role) -> Bool { roles.contains(role) }
}
