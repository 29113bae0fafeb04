import Core

extension Settings {
    /// `log`: the event log's size limits and durability.
    public struct Log: Sendable, Equatable {
        /// When an event counts as stored.
        public enum Durability: Sendable, Equatable {
            /// After the write is synced to disk; survives power loss.
            case commit
            /// After the write; the file is synced at least this often.
            case interval(Duration)
            /// After the write; the operating system decides when to sync.
            case os
        }

        /// How much history is kept when other processes fill the disk.
        public enum MinKeep: Sendable, Equatable {
            /// A share, 0 to 1, of the history that existed when the disk ran short.
            case share(Double)
            /// The events younger than this.
            case history(Duration)
        }

        public var maxBytes = 1 << 30
        public var maxAge = Duration.seconds(30 * 86_400)
        /// Bytes that the log leaves free on the disk; nil: see `minFree(ofDisk:)`.
        public var minFree: Int?
        /// The history that is kept even if less than `minFree` is free.
        public var minKeep = MinKeep.share(0.25)
        /// A segment that reaches this size is closed and compressed.
        public var segmentBytes = 64 << 20
        /// A segment that reaches this age is closed and compressed too.
        public var segmentAge = Duration.seconds(3600)
        public var durability = Durability.commit
        /// How long event ids are remembered for deduplication.
        public var dedupWindow = Duration.seconds(86_400)
        /// The largest share of a segment that one node can use while the log is full and other
        /// nodes write too.
        public var perNodeShare = 0.5

        public init() {}

        /// Returns the configured `minFree`, else a tenth of a disk of `bytes`, at most 2 GiB.
        public func minFree(ofDisk bytes: Int) -> Int { minFree ?? min(bytes / 10, 2 << 30) }
    }
}

extension Settings.Log {
    init(reading r: MappingReader) {
        self.init()
        maxBytes = r.size("max_bytes", maxBytes, in: (1 << 20)...(1 << 50))
        maxAge = r.duration("max_age", maxAge, in: .seconds(60)...(.seconds(10 * 366 * 86_400)))
        if r.has("min_free", besides: "auto") {
            minFree = r.size("min_free", 2 << 30, in: 0...(1 << 50))
        }
        r.declare("min_keep", "share or duration", standard: "25%", range: "0% to 100%, or an age")
        if let text = r.text("min_keep") { minKeep = Self.minKeep(text, r) }
        segmentBytes = r.size("segment_bytes", segmentBytes, in: (64 << 10)...(1 << 40))
        segmentAge = r.duration(
            "segment_age", segmentAge, in: .seconds(1)...(.seconds(30 * 86_400)))
        r.declare("durability", "word", standard: "commit", range: "commit, interval:DURATION, os")
        if let text = r.text("durability") {
            durability = Self.durability(text, r)
        }
        dedupWindow = r.duration("dedup_window", dedupWindow, in: .zero...(.seconds(30 * 86_400)))
        perNodeShare = r.number("per_node_share", perNodeShare, in: 0.01...1)
        if segmentBytes > maxBytes / 8, r.has("segment_bytes") || r.has("max_bytes") {
            let eighth = SizeText.text(maxBytes / 8)
            r.warn(
                "segment_bytes", "more than an eighth of max_bytes, of which \(eighth) is used",
                "make it \(eighth) or less")
        }
        r.finish()
    }

    private static func minKeep(_ text: String, _ r: MappingReader) -> MinKeep {
        if text.hasSuffix("%"), let percent = Double(text.dropLast()), (0...100).contains(percent) {
            return .share(percent / 100)
        }
        if let age = DurationText.parse(text), age <= .seconds(10 * 366 * 86_400) {
            return .history(age)
        }
        r.fault(
            "min_keep",
            "\(InertText.quoted(text)) is neither a share from 0% to 100% nor a duration",
            "write 25% or 24h")
        return .share(0.25)
    }

    private static func durability(_ text: String, _ r: MappingReader) -> Durability {
        switch text {
        case "commit": return .commit
        case "os": return .os
        default:
            if text.hasPrefix("interval:"),
                let pause = DurationText.parse(text.dropFirst("interval:".count)), pause > .zero
            {
                return .interval(pause)
            }
            r.fault(
                "durability", "\(InertText.quoted(text)) is not a durability",
                "write commit, interval:100ms or os")
            return .commit
        }
    }
}
