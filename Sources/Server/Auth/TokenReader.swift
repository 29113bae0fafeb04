import Dispatch
import Events
import Store

/// Reads tokens from the state file and the token files when they changed.
///
/// One look at a time; who asks while one is under way shares the next with all
/// others who do. So a flood of unknown tokens costs the state file no more
/// than one small question after another, and an older read never replaces a
/// newer one.
actor TokenReader {
    private enum Turn {
        case look
        case done
    }

    private let store: Store
    private let clock: WallClock
    private let publish: @Sendable ([TokenSnapshot.Entry]) -> Void
    private let report: @Sendable (ServerError) -> Void
    private let queue = DispatchQueue(label: "bellwether.tokens")

    private var files: [TokenFile]
    private var storeMark: Int?
    private var fileMarks: [TokenFile: FileMark?] = [:]
    /// What the files held when they were last read.
    private var filed: [TokenFile: [TokenSnapshot.Entry]] = [:]

    /// The next look reads everything, of these files when some are given.
    private var isForced = true
    /// The next look changes nothing when something is wrong with a file.
    private var isStrict = true
    private var wantedFiles: [TokenFile]?

    private var isLooking = false
    private var waiting: [CheckedContinuation<Turn, any Error>] = []
    /// Those who share the look under way.
    private var sharers: [CheckedContinuation<Turn, any Error>] = []

    /// - Parameters:
    ///   - publish: Takes all tokens after each look that found something new.
    ///   - report: Takes what is wrong with a file that was read all the same.
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

    /// Publishes all tokens if anything changed since the last look. The tokens of a file that
    /// is gone end, and so does a token that is no longer in its file; a file that is there and
    /// cannot be read keeps its own.
    func refresh() async throws { try await takeTurn() }

    /// Publishes all tokens, of other files from now on when some are given; on
    /// a fault everything stays as it was.
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

    // MARK: - Looking

    private func look() async throws {
        let isForced = isForced
        let isStrict = isStrict
        let files = wantedFiles ?? files
        self.isForced = false
        self.isStrict = false
        wantedFiles = nil
        // Marks first: what changes while it is read is read again.
        let storeMark = try await store.foreignChanges()
        var fileMarks = await marks(of: files)
        guard isForced || storeMark != self.storeMark || fileMarks != self.fileMarks else { return }
        let now = clock.now
        let stored = try await store.read { db in try TokenRow.all(db) }
        let readings = try await onQueue { files.map { (file: $0, reading: $0.read(at: now)) } }
        if isStrict, let fault = readings.lazy.compactMap(\.reading.fault).first { throw fault }
        var entries = stored
        var filed: [TokenFile: [TokenSnapshot.Entry]] = [:]
        for (file, reading) in readings {
            if let fault = reading.fault { report(fault) }
            // What could not be read is tried again at the next look.
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
        let marks = try? await onQueue {
            Dictionary(
                files.map { ($0, FileMark(path: $0.path)) }, uniquingKeysWith: { first, _ in first }
            )
        }
        return marks ?? [:]
    }

    /// Files are read off the cooperative pool.
    private func onQueue<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T
    {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try body() }) }
        }
    }
}
