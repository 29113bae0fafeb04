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
    private let queue = DispatchQueue(label: "bellwether.tokens")

    private var files: [TokenFile]
    private var storeMark: Int?
    private var fileMarks: [TokenFile: FileMark?] = [:]

    /// The next look reads everything, of these files when some are given.
    private var isForced = true
    private var wantedFiles: [TokenFile]?

    private var isLooking = false
    private var waiting: [CheckedContinuation<Turn, any Error>] = []
    /// Those who share the look under way.
    private var sharers: [CheckedContinuation<Turn, any Error>] = []

    /// - Parameter publish: Takes all tokens after each look that found something new.
    init(
        store: Store, files: [TokenFile], clock: WallClock,
        publish: @escaping @Sendable ([TokenSnapshot.Entry]) -> Void
    ) {
        self.store = store
        self.files = files
        self.clock = clock
        self.publish = publish
    }

    /// Publishes all tokens if anything changed since the last look.
    func refresh() async throws { try await takeTurn() }

    /// Publishes all tokens, of other files from now on when some are given; on
    /// a fault everything stays as it was.
    func reload(files: [TokenFile]?) async throws {
        isForced = true
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
        let files = wantedFiles ?? files
        self.isForced = false
        wantedFiles = nil
        // Marks first: what changes while it is read is read again.
        let storeMark = try await store.foreignChanges()
        let fileMarks = await marks(of: files)
        guard isForced || storeMark != self.storeMark || fileMarks != self.fileMarks else { return }
        let now = clock.now
        let stored = try await store.read { db in try TokenRow.all(db) }
        let filed = try await onQueue { () throws -> [TokenSnapshot.Entry] in
            var entries: [TokenSnapshot.Entry] = []
            for file in files { entries += try file.read(at: now) }
            return entries
        }
        self.files = files
        self.storeMark = storeMark
        self.fileMarks = fileMarks
        publish(stored + filed)
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
