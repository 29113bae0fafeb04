/// The settings of the event log and the folder that contains it.
public struct EventLogConfiguration: Sendable, Equatable {
    /// When an append is acknowledged.
    public enum Durability: Sendable, Equatable {
        /// After `fdatasync`: survives power loss.
        case commit
        /// After the write; synced at least this often. A crash of the machine may lose the lines
        /// of the last interval, a crash of the process loses nothing.
        case interval(Duration)
        /// After the write; the operating system decides when to sync.
        case os
    }

    /// How much of the history is kept when other processes fill the disk.
    public enum MinKeep: Sendable, Equatable {
        /// A share of the bytes that the history had when the disk became short; 0 to 1.
        case share(Double)
        /// Segments whose last line is younger than this.
        case history(Duration)
    }

    /// The data folder; the log is in `log/` below it.
    public var directory: String
    /// The `node` of our own events.
    public var node: String
    /// Maximum bytes of disk blocks below `log/`, temporary files included.
    public var maxBytes: Int
    /// Segments whose last line is older are removed; nil keeps them while there is space.
    public var maxAge: Duration?
    /// Free bytes of the disk below which the log removes archives down to `minKeep`, then
    /// sheds lines; nil: a tenth of the disk or 2 GiB, whichever is smaller.
    public var minFree: Int?
    /// The history that is not removed for `minFree`.
    public var minKeep: MinKeep
    /// The delay between the alarm and the first removal for `minFree`, so that a digest can report
    /// it first.
    var pressureGrace = Duration.seconds(10)
    /// A segment with this many bytes of lines is closed. At most an eighth of `maxBytes` is
    /// used, so that sealing always has space.
    public var segmentBytes: Int
    /// A segment whose first line is older than this is closed.
    public var segmentAge: Duration
    public var durability: Durability
    /// How long an `id` is remembered. On start, older archives are not read for the dedup index.
    public var dedupWindow: Duration
    /// Maximum bytes of requests that wait for the disk; further callers are asked to retry.
    public var queueBytes: Int
    /// The maximum share of a segment for one node's lines while older segments are removed for
    /// space and other nodes write too; 0 to 1.
    public var perNodeShare: Double
    /// Size of the file that is removed when the disk is full (`Ballast`); 0: none.
    public var ballastBytes: Int
    /// Limits of the dedup index.
    public var markLimits: DedupLimits
    /// Whether archives are copied to a store: then they are not removed for their age before the
    /// store has them, and one that must be removed for space before is reported.
    public var shipsArchives = false
    /// How long the store keeps archives; nil without one.
    public var storeKeeps: Duration?
    /// Whether the log takes only lines of another copy until `takeLines` is called, and adds none
    /// of its own.
    public var beginsAsCopy = false

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

    /// The minimum of `maxBytes`.
    public static let leastBytes = 1 << 20
    /// Maximum bytes of a line without its newline: contract §4.
    public static let maxLineBytes = 64 * 1024

    var segmentLimit: Int { max(min(segmentBytes, maxBytes / 8), 64 * 1024) }

    /// Space that is reserved for the small files beside the segments.
    var sideBytes: Int { min(maxBytes / 8, 16 << 20) }

    /// The ages after which history is removed, here or in the store.
    var ages: [Duration] {
        var ages = [maxAge, storeKeeps].compactMap { $0 }
        if case .history(let age) = minKeep { ages.append(age) }
        return ages.filter { $0 > .zero }
    }

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
