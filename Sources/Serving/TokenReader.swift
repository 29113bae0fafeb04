import Dispatch
import Events
import Store

/// Reads tokens from the state file and the token files when they changed.
///
/// An actor, so that callers who find nothing new together ask the store one
/// after the other and an older read never replaces a newer one.
actor TokenReader {
    private let queue = DispatchQueue(label: "bellwether.tokens")
    private var storeMark: Int?
    private var fileMarks: [TokenFile: TokenFile.Mark?] = [:]
    private var busy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// All tokens when anything changed since the last read, else nil.
    func changes(
        store: Store, files: [TokenFile], now: Timestamp
    ) async throws -> [TokenSnapshot.Entry]? {
        await enter()
        defer { leave() }
        let mark = try await store.foreignChanges()
        let marks = await marks(of: files)
        guard mark != storeMark || marks != fileMarks else { return nil }
        return try await read(store, files, now)
    }

    /// All tokens.
    func reload(
        store: Store, files: [TokenFile], now: Timestamp
    ) async throws -> [TokenSnapshot.Entry] {
        await enter()
        defer { leave() }
        return try await read(store, files, now)
    }

    private func read(
        _ store: Store, _ files: [TokenFile], _ now: Timestamp
    ) async throws -> [TokenSnapshot.Entry] {
        // Marks first: what changes while it is read is read again.
        let mark = try await store.foreignChanges()
        let marks = await marks(of: files)
        let stored = try await store.read { db in try TokenRow.all(db) }
        let filed = try await onQueue { () throws -> [TokenSnapshot.Entry] in
            var entries: [TokenSnapshot.Entry] = []
            for file in files { entries += try file.read(at: now) }
            return entries
        }
        storeMark = mark
        fileMarks = marks
        return stored + filed
    }

    private func marks(of files: [TokenFile]) async -> [TokenFile: TokenFile.Mark?] {
        let marks = try? await onQueue {
            Dictionary(files.map { ($0, $0.mark()) }, uniquingKeysWith: { first, _ in first })
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

    // An actor is re-entered at every suspension; this gate is not.

    private func enter() async {
        if busy {
            await withCheckedContinuation { waiting.append($0) }
        } else {
            busy = true
        }
    }

    private func leave() {
        if waiting.isEmpty { busy = false } else { waiting.removeFirst().resume() }
    }
}
