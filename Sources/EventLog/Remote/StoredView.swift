import Core
import Events
import Synchronization

/// The view of a store alone: its archives are all there is.
struct StoredView: LogView {
    let folder: LogFolder

    func horizon() throws(SystemFault) -> LogPosition {
        let last = try folder.segments().last?.name.number ?? 0
        return LogPosition(segment: last + 1, offset: 0)
    }

    func plain(_ number: UInt64, file: LogFile) throws(SystemFault) -> LogState.Plain {
        throw SystemFault("open", file.path, code: SystemFault.absence)
    }

    /// A store does not record what it never got; segments that lack between others are reported
    /// as missing.
    func removed() -> RemovedSegments { RemovedSegments() }

    var isForeign: Bool { true }
}

extension EventLogFiles {
    /// The archives of a store, without the machine that wrote them.
    ///
    /// - Parameter cache: A folder for indexes that were read; nil: none are kept.
    public init(store: any SegmentStore, cache: String? = nil) {
        let files = StoredFiles(
            store, over: nil, folder: "\(store.place)/log",
            cache: cache.map { IndexCache($0) })
        self.init(
            view: StoredView(folder: LogFolder(below: store.place, files: files)),
            directory: nil, stored: files)
    }

    /// The log of a data folder, and the archives that only the store has.
    public init(directory: String, store: any SegmentStore, cache: String? = nil) {
        let files = StoredFiles(
            store, over: PosixFileSystem(), folder: "\(directory)/log",
            cache: cache.map { IndexCache($0) })
        self.init(
            view: ForeignView(directory: directory, files: files), directory: directory,
            stored: files)
    }

    /// Whether lines of a query may have left this disk.
    public func reachesBeyondDisk(_ query: EventLogQuery) async throws(EventLogError) -> Bool {
        let view = self.view
        return try await BlockingExecutor.log.run { () throws(EventLogError) in
            do throws(SystemFault) {
                let oldest = try view.folder.segments().first?.name
                let first: UInt64
                if let oldest { first = oldest.number } else { first = try view.horizon().segment }
                guard first > 1 else { return false }
                guard let since = query.since, let began = oldest?.began else { return true }
                return since < began
            } catch { throw error.eventLogError }
        }
    }

    /// What reading the store took so far; nil without one.
    public var storeReading: StoreReading? { stored?.reading }
}

extension EventLog {
    /// Adds the archives of a store to the lines that `reaching` can read.
    public func addStore(_ store: any SegmentStore, cache: String?) async {
        let folder = view.folder
        let files = await BlockingExecutor.log.run {
            StoredFiles(
                store, over: folder.files, folder: folder.path,
                cache: cache.map { IndexCache($0) })
        }
        let whole = OwnView(
            folder: LogFolder(below: configuration.directory, files: files), state: state,
            keeper: view.keeper, queries: view.queries)
        wider.withLock { $0 = EventLogFiles(view: whole, directory: nil, stored: files) }
    }

    /// The log for a client's query, read with low priority, with the store's archives only if the
    /// query may reach back to them.
    ///
    /// - Parameter position: Where the query starts; nil for the last lines.
    public func reaching(_ query: EventLogQuery, from position: LogPosition?) -> EventLogFiles {
        var own = EventLogFiles(view: view, directory: nil, stored: nil)
        own.executor = .queries
        guard var whole = wider.withLock({ $0 }) else { return own }
        whole.executor = .queries
        let oldest = usage.archives.first?.name
        let first = oldest?.number ?? state.head.segment
        guard first > 1 else { return own }
        if let since = query.since {
            guard let began = oldest?.began, since >= began else { return whole }
            return own
        }
        guard let position else { return own }
        return position.segment < first ? whole : own
    }
}
