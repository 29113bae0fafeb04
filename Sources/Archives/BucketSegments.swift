public import Bucket
public import EventLog
import Events

/// The sealed segments of a log in a bucket: `seg/<day>/<segment>.jsonl.gz` and `.idx`.
///
/// `<day>` is the day on which the segment's first line was accepted, such as `2026-11-23`.
public struct BucketSegments: SegmentStore {
    static let folder = "seg/"

    let bucket: Bucket

    public init(_ bucket: Bucket) { self.bucket = bucket }

    public var place: String { bucket.location.url }

    /// The object of a segment's file; nil for a name that the log does not give.
    static func object(_ file: String) -> String? {
        let digits = file.prefix(8)
        guard digits.utf8.count == 8, digits.utf8.allSatisfy({ $0 &- 0x30 < 10 }),
            file.hasSuffix(".jsonl.gz") || file.hasSuffix(".idx"), !file.contains("/")
        else { return nil }
        return "\(folder)\(digits.prefix(4))-\(digits.dropFirst(4).prefix(2))-\(digits.suffix(2))/"
            + file
    }

    /// The segment's file in an object; nil for an object that no log wrote.
    static func file(_ object: String) -> String? {
        guard let name = object.split(separator: "/").last.map(String.init),
            self.object(name) == object
        else { return nil }
        return name
    }

    /// A segment whose archive is in the bucket.
    public struct Stored: Sendable, Equatable {
        public struct File: Sendable, Equatable {
            public let object: String
            /// In `log/`.
            public let name: String
            /// In bytes.
            public let size: Int
        }

        public let number: UInt64
        /// The index, if there is one, and then the archive.
        public let files: [File]
    }

    /// The segments with an archive, by number, each once.
    ///
    /// A node that was overtaken while it copied a segment, and the node that continues the log, may
    /// both have copied it, under names with different times.
    public func archives() async throws(BucketFault) -> [Stored] {
        var found: [UInt64: [String: [Stored.File]]] = [:]
        for object in try await bucket.list(Self.folder) {
            guard let file = Self.file(object.name), let name = StoredSegmentName(file) else {
                continue
            }
            let stem = String(file.dropLast(name.isArchive ? ".jsonl.gz".count : ".idx".count))
            let entry = Stored.File(object: object.name, name: file, size: object.size)
            let place = name.isArchive ? found[name.number]?[stem]?.count ?? 0 : 0
            found[name.number, default: [:]][stem, default: []].insert(entry, at: place)
        }
        return found.compactMap { number, copies in
            let whole = copies.filter { $0.value.last?.name.hasSuffix(".gz") == true }
            return whole.min { $0.key < $1.key }.map { Stored(number: number, files: $0.value) }
        }.sorted { $0.number < $1.number }
    }

    public func files() async throws(SegmentStoreFault) -> [String: Int] {
        let archives: [Stored]
        do throws(BucketFault) { archives = try await self.archives() } catch {
            throw SegmentStoreFault(error)
        }
        return Dictionary(
            archives.flatMap(\.files).map { ($0.name, $0.size) }, uniquingKeysWith: max)
    }

    public func read(
        _ name: String, _ range: Range<Int>
    ) async throws(SegmentStoreFault) -> [UInt8] {
        guard let object = Self.object(name) else {
            throw SegmentStoreFault(isAbsence: true, "\(name): not a segment's file")
        }
        do throws(BucketFault) { return try await bucket.get(object, range: range) } catch {
            throw SegmentStoreFault(error)
        }
    }
}

extension SegmentStoreFault {
    init(_ fault: BucketFault) { self.init(isAbsence: fault.kind == .missing, "\(fault)") }
}
