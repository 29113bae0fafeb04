/// Where the lines of a post are to be before a node answers it, as the sender states in a header.
public enum AnswerPoint: String, Sendable {
    /// On the node's disk: for a sender that keeps the lines until a receipt reports them as shipped.
    case disk
    /// In the node's bucket, if it has one: what a request without the header gets.
    case bucket

    /// Nodes of older releases ignore it.
    public static let header = "Bellwether-Wait-For"
}

/// What a gateway states about itself to its notifier, in the headers of each poll.
///
/// Notifiers of older releases ignore the headers.
public struct GatewayPresence: Sendable, Hashable {
    private static let nodeHeader = "Bellwether-Node"
    private static let zoneHeader = "Bellwether-Zone"
    private static let leavingHeader = "Bellwether-Leaving"
    /// The longest name, in bytes; that of the settings `node` and `az`.
    private static let longest = 64

    public var node: String
    /// Empty if the gateway has no zone.
    public var az: String
    /// Whether it stops as planned: the notifier does not wait for a further request.
    public var isLeaving: Bool

    public init(node: String, az: String, isLeaving: Bool = false) {
        self.node = node
        self.az = az
        self.isLeaving = isLeaving
    }

    /// Names and values of the headers.
    public var headers: [(String, String)] {
        var headers = [(Self.nodeHeader, node)]
        if !az.isEmpty { headers.append((Self.zoneHeader, az)) }
        if isLeaving { headers.append((Self.leavingHeader, "true")) }
        return headers
    }

    /// Reads the headers of a request; nil if it names no gateway, or by something that is no name.
    ///
    /// - Parameter value: The value of a header by its name.
    public init?(headers value: (String) -> String?) {
        guard let node = value(Self.nodeHeader), Self.isName(node) else { return nil }
        let az = value(Self.zoneHeader) ?? ""
        self.init(
            node: node, az: Self.isName(az) ? az : "",
            isLeaving: value(Self.leavingHeader) == "true")
    }

    /// Whether it is a name that the setting `node` accepts.
    private static func isName(_ text: String) -> Bool {
        (1...longest).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
                    UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
