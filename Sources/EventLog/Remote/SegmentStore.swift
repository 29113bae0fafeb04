/// Files of sealed segments beyond this machine's disk, such as in an object store. Thread-safe.
///
/// Names are those of the files in `log/`: `<segment>.jsonl.gz` and `<segment>.idx`.
public protocol SegmentStore: Sendable {
    /// For messages, such as `s3://bucket/prefix`.
    var place: String { get }
    /// All files, with their sizes in bytes.
    func files() async throws(SegmentStoreFault) -> [String: Int]
    /// A part of a file. Throws if the file ends before it.
    func read(_ name: String, _ range: Range<Int>) async throws(SegmentStoreFault) -> [UInt8]
}

/// A failed request to a store of segments.
public struct SegmentStoreFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// Whether the file does not exist.
    public let isAbsence: Bool
    /// What failed, where, and what to do.
    public let description: String

    public init(isAbsence: Bool = false, _ description: String) {
        self.isAbsence = isAbsence
        self.description = description
    }
}

/// What reading a store took so far.
public struct StoreReading: Sendable, Equatable {
    public var requests = 0
    public var bytes = 0
}
