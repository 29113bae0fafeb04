import Core
import Events
import State

/// Reads tokens from the state file and the token files when they change.
///
/// One read runs at a time. All callers that arrive during a read share the next one, so a flood of
/// unknown tokens costs the state file one small query after another, and an older read never
/// replaces a newer one.
actor TokenReader {
    private enum Turn {
        case look
        case done
    }

    private let store: Store
    private let clock: WallClock
    private let publish: @Sendable ([TokenSnapshot.Entry]) -> Void
    private let report: @Sendable (ServerError) -> Void
    private let executor = BlockingExecutor("tokens")

    private var files: [TokenFile]
    private var storeMark: Int?
    private var fileMarks: [TokenFile: FileMark?] = [:]
    /// The tokens that each file contained when it was last read.
    private var filed: [TokenFile: [TokenSnapshot.Entry]] = [:]

    /// Whether the next read reads everything even if nothing changed.
    private var isForced = true
    /// Whether the next read fails, without changing anything, if a file has a fault.
    private var isStrict = true
    private var wantedFiles: [TokenFile]?

    private var isLooking = false
    private var waiting: [CheckedContinuation<Turn, any Error>] = []
    /// The callers that share the read under way.
    private var sharers: [CheckedContinuation<Turn, any Error>] = []

    /// - Parameters:
    ///   - publish: Receives all tokens after each read that found a change.
    ///   - report: Receives the first fault of a file that the read did not reject.
    init(
        store: Store, files: [TokenFile], clock: WallClock,
        publish: @escaping @Sendable ([TokenSnapshot.Entry]) -> Void,
        report: @escaping @Sendable (ServerError) -> Void
    ) {
        self.store = store
        self.files = files
        self.clock = clock
        self.publish = publish
        self.report = report
    }

    /// Publishes all tokens if anything changed since the last read.
    ///
    /// A token ends when it is removed from its file, or when its file is missing. A file that
    /// exists and cannot be read keeps its tokens.
    func refresh() async throws { try await takeTurn() }

    /// Reads and publishes all tokens, from `files` from now on if given.
    ///
    /// - Parameter isStrict: Whether a faulty file throws and leaves the tokens unchanged. If not,
    ///   the fault is only reported.
    func reload(files: [TokenFile]?, isStrict: Bool = true) async throws {
        isForced = true
        if isStrict { self.isStrict = true }
        if let files { wantedFiles = files }
        try await takeTurn()
    }

    // MARK: - Turns

    private func takeTurn() async throws {
        if isLooking {
            let turn = try await withCheckedThrowingContinuation { waiting.append($0) }
            if turn == .done { return }
        }
        isLooking = true
        let outcome: Result<Void, any Error>
        do {
            try await look()
            outcome = .success(())
        } catch { outcome = .failure(error) }
        for sharer in sharers { sharer.resume(with: outcome.map { .done }) }
        sharers = []
        if waiting.isEmpty {
            isLooking = false
        } else {
            let next = waiting.removeFirst()
            sharers = waiting
            waiting = []
            next.resume(returning: .look)
        }
        try outcome.get()
    }

    // MARK: - Reading

    private func look() async throws {
        let isForced = isForced
        let isStrict = isStrict
        let files = wantedFiles ?? files
        self.isForced = false
        self.isStrict = false
        wantedFiles = nil
        // The marks are read first, so that a change during the read causes another read.
        let storeMark = try await store.foreignChanges()
        var fileMarks = await marks(of: files)
        guard isForced || storeMark != self.storeMark || fileMarks != self.fileMarks else { return }
        let now = clock.now
        let stored = try await store.read { db in try TokenTable.all(db) }.map {
            TokenSnapshot.Entry(hash: $0.hash, record: TokenRecord($0))
        }
        let readings = await executor.run { files.map { (file: $0, reading: $0.read(at: now)) } }
        if isStrict, let fault = readings.lazy.compactMap(\.reading.fault).first { throw fault }
        var entries = stored
        var filed: [TokenFile: [TokenSnapshot.Entry]] = [:]
        for (file, reading) in readings {
            if let fault = reading.fault { report(fault) }
            // A file that could not be read is read again next time.
            if reading.entries == nil { fileMarks.removeValue(forKey: file) }
            let held = reading.entries ?? self.filed[file] ?? []
            filed[file] = held
            entries += held
        }
        self.files = files
        self.filed = filed
        self.storeMark = storeMark
        self.fileMarks = fileMarks
        publish(entries)
    }

    private func marks(of files: [TokenFile]) async -> [TokenFile: FileMark?] {
        if files.isEmpty { return [:] }
        return await executor.run {
            Dictionary(
                files.map { ($0, FileMark(path: $0.path)) }, uniquingKeysWith: { first, _ in first }
            )
        }
    }
}
