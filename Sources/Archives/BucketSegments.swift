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

    public func files() async throws(SegmentStoreFault) -> [String: Int] {
        let objects: [BucketObject]
        do throws(BucketFault) { objects = try await bucket.list(Self.folder) } catch {
            throw SegmentStoreFault(error)
        }
        var sizes: [String: Int] = [:]
        for object in objects {
            if let file = Self.file(object.name) { sizes[file] = object.size }
        }
        return sizes
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
