extension Settings {
    /// `ha`: this node is one of two that continue one log, so that the other takes over.
    public struct Pair: Sendable, Equatable {
        /// What a leader does while the bucket does not answer.
        public enum BucketAway: String, Sendable, CaseIterable {
            /// It continues unless the other node leads; a message may be sent by both.
            case tell
            /// It takes and sends nothing until the bucket answers.
            case hold
        }

        /// How long the other node waits for a sign of the leader before it takes over.
        public var lease = Duration.seconds(10)
        /// This node's own address, for the other one and for people: `https://host:port`.
        public var advertise = ""
        public var bucketAway = BucketAway.tell
        /// PEM file of the authority of the other node's certificate; empty: the system's.
        public var caFile = ""

        public init() {}
    }
}

extension Settings.Pair {
    init(reading r: MappingReader) {
        self.init()
        lease = r.duration("lease", lease, in: .seconds(2)...(.seconds(300)))
        advertise = r.webAddress(
            "advertise", r.expanded("advertise", ""), schemes: ["https"],
            credentials: "leave it out: the node has tokens")
        if advertise.hasSuffix("/") { advertise.removeLast() }
        if advertise.isEmpty {
            if !r.context.hasFault(at: r.path("advertise")) {
                r.lacks(
                    "advertise is missing",
                    "name this node's own address, like https://notifier-a:8443")
            }
        } else if let address = try? WebAddress(advertise, schemes: ["https"]),
            !address.rest.isEmpty
        {
            r.fault("advertise", "has a path", "write https://host:port")
        }
        bucketAway = r.choice("bucket_away", bucketAway)
        caFile = r.file("ca_file")
        r.finish()
    }
}
