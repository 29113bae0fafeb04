import Core
public import Events

/// A sealed segment on this disk that a store is to get.
public struct SealedSegment: Sendable, Equatable {
    public struct File: Sendable, Equatable {
        /// In `log/`.
        public let name: String
        public let path: String
        public let bytes: Int
    }

    public let number: UInt64
    public let archive: File
    public let index: File
}

/// The name of a segment's file, as far as a store needs it.
public struct StoredSegmentName: Sendable, Equatable {
    public let number: UInt64
    /// Whether the file is the archive, and not its index.
    public let isArchive: Bool
    /// When the segment's first line was accepted; nil if the name was not made by a log.
    public let began: Timestamp?

    /// Returns nil for a name that is not that of an archive or an index.
    public init?(_ file: String) {
        switch LogFolder.Entry(file) {
        case .archive(let name): (number, isArchive, began) = (name.number, true, name.began)
        case .index(let name): (number, isArchive, began) = (name.number, false, name.began)
        default: return nil
        }
    }
}

extension EventLog {
    /// The number of the last segment that the store has; 0 if none, or if there is no store.
    public var shipped: UInt64 { view.keeper.shipped ?? 0 }

    /// Sealed segments that the store does not have yet, and their bytes on disk.
    public var unshipped: (segments: Int, bytes: Int) {
        guard let shipped = view.keeper.shipped else { return (0, 0) }
        let waiting = usage.archives.filter { $0.name.number > shipped }
        return (waiting.count, waiting.reduce(0) { $0 +| $1.allocated })
    }

    /// The oldest sealed segment that the store does not have; nil if there is none. Rebuilds a
    /// missing index.
    public func nextToShip() async throws(EventLogError) -> SealedSegment? {
        let waiting = usage.archives.filter { $0.name.number > shipped }
        guard !waiting.isEmpty else { return nil }
        let (folder, queries) = (view.folder, view.queries)
        return try await BlockingExecutor.log.run { () throws(EventLogError) in
            for archive in waiting {
                do throws(SystemFault) {
                    return try SealedSegment(
                        Archive(folder: folder, name: archive.name, queries: queries))
                } catch {
                    // The file is gone; `FolderWatch` reports that.
                    if !error.isAbsence { throw error.eventLogError }
                }
            }
            return nil
        }
    }

    /// Records durably that the store has all segments up to `number`.
    public func noteShipped(_ number: UInt64) async throws(EventLogError) {
        let keeper = view.keeper
        try await BlockingExecutor.log.run { () throws(EventLogError) in
            do throws(SystemFault) { try keeper.note(shipped: number) } catch {
                throw error.eventLogError
            }
        }
    }

    /// The time that the age of history is counted to: the wall clock without unconfirmed steps
    /// forward.
    public var ageTime: Timestamp { view.keeper.confirmedTime(clock.now) }

    /// Whether a segment is no longer on this disk.
    public func isGone(_ segment: SealedSegment) -> Bool {
        !usage.archives.contains { $0.name.number == segment.number }
    }
}

extension SealedSegment {
    init(_ archive: Archive) throws(SystemFault) {
        let (folder, name) = (archive.folder, archive.name)
        if try archive.indexFile() == nil { _ = try archive.rebuild() }
        func file(_ name: String) throws(SystemFault) -> File {
            let path = folder.file(name)
            return File(name: name, path: path, bytes: try folder.files.facts(path).bytes)
        }
        self.init(
            number: name.number, archive: try file(name.archive), index: try file(name.index))
    }
}
