/// How the log behaves; the settings below `log` and where it lives.
public struct EventLogConfiguration: Sendable, Equatable {
    /// When an append is acknowledged.
    public enum Durability: Sendable, Equatable {
        /// After `fdatasync`: survives power loss.
        case commit
        /// After the write; synced at least this often: a crash of the machine
        /// may lose what the last interval brought, a crash of the process nothing.
        case interval(Duration)
        /// After the write; the operating system syncs when it likes.
        case os
    }

    /// How much of the history stays when others take the disk's room.
    public enum MinKeep: Sendable, Equatable {
        /// A share of the bytes that there were when the disk became short; 0 to 1.
        case share(Double)
        /// Segments whose last line is younger.
        case history(Duration)
    }

    /// The data folder; the log lives in `log/` below it.
    public var directory: String
    /// The `node` of our own events.
    public var node: String
    /// Most bytes of disk blocks below `log/`, temporary files included.
    public var maxBytes: Int
    /// Segments whose last line is older go; nil keeps them while there is room.
    public var maxAge: Duration?
    /// Free bytes of the disk below which the log gives back its own archives down to
    /// `minKeep`, then sheds; nil: a tenth of the disk or 2 GiB, whichever is smaller.
    public var minFree: Int?
    /// What is not given back for that.
    public var minKeep: MinKeep
    /// How long after the alarm history may go for that: a digest takes it to people first.
    var pressureGrace = Duration.seconds(10)
    /// A segment that holds as many bytes of lines is closed. At most an eighth
    /// of `maxBytes` is used, so that sealing always has room.
    public var segmentBytes: Int
    /// A segment whose first line is older is closed.
    public var segmentAge: Duration
    public var durability: Durability
    /// How long an `id` is remembered; lines closed in older segments are not
    /// read for marks on start.
    public var dedupWindow: Duration
    /// Bytes of requests that may wait for the disk; more are told to retry.
    public var queueBytes: Int
    /// The most of a segment that one node's lines may take while older segments have
    /// to go for room and other nodes write too; 0 to 1.
    public var perNodeShare: Double
    /// Size of the file that goes when the disk is full; 0: none.
    public var ballastBytes: Int
    /// What senders may make us remember.
    public var markLimits: DedupLimits

    public init(
        directory: String, node: String, maxBytes: Int = 1 << 30, maxAge: Duration? = nil,
        minFree: Int? = nil, minKeep: MinKeep = .share(0.25), segmentBytes: Int = 64 << 20,
        segmentAge: Duration = .seconds(3600), durability: Durability = .commit,
        dedupWindow: Duration = .seconds(86_400), queueBytes: Int = 64 << 20,
        perNodeShare: Double = 0.5, ballastBytes: Int = 16 << 20,
        markLimits: DedupLimits = DedupLimits()
    ) {
        self.directory = directory
        self.node = node
        self.maxBytes = maxBytes
        self.maxAge = maxAge
        self.minFree = minFree
        self.minKeep = minKeep
        self.segmentBytes = segmentBytes
        self.segmentAge = segmentAge
        self.durability = durability
        self.dedupWindow = dedupWindow
        self.queueBytes = queueBytes
        self.perNodeShare = perNodeShare
        self.ballastBytes = ballastBytes
        self.markLimits = markLimits
    }

    /// The least `maxBytes` that the log can work in.
    public static let leastBytes = 1 << 20
    /// Longest line, its newline excluded: contract §4.
    public static let maxLineBytes = 64 * 1024

    var segmentLimit: Int { max(min(segmentBytes, maxBytes / 8), 64 * 1024) }

    /// Room that is always kept for the small files beside the segments.
    var sideBytes: Int { min(maxBytes / 8, 16 << 20) }

    var ballast: Int { min(ballastBytes, maxBytes / 8) }

    func check() throws(EventLogError) {
        guard maxBytes >= Self.leastBytes else {
            throw .configuration(field: "max_bytes", why: "must be at least 1MiB")
        }
        guard segmentBytes > 0 else {
            throw .configuration(field: "segment_bytes", why: "must be more than 0")
        }
        if case .interval(let pause) = durability, pause <= .zero {
            throw .configuration(field: "durability", why: "the interval must be more than 0")
        }
    }
}
