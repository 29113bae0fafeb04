import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The files of a log's folder, with those of sealed segments that only a store has.
///
/// A file on this disk is preferred. Files of the store are read in parts and never written.
/// Thread-safe.
final class StoredFiles: LogFileSystem {
    /// Bytes of a file of the store.
    private struct Piece {
        let range: Range<Int>
        let bytes: [UInt8]
    }

    private struct State {
        var sizes: [String: Int] = [:]
        var listedAt: ContinuousClock.Instant?
        var pieces: [String: [Piece]] = [:]
        /// The pieces in the order of their arrival, and their bytes.
        var arrivals: [(name: String, range: Range<Int>)] = []
        var held = 0
        var reading = StoreReading()
    }

    private let store: any SegmentStore
    /// Nil: only the store's files exist.
    private let local: (any LogFileSystem)?
    private let folder: String
    private let cache: IndexCache?
    private let state = Mutex(State())

    /// Bytes of pieces that are held.
    private static let most = 64 << 20
    /// How long a listing of the store is used.
    private static let fresh = Duration.seconds(30)

    init(
        _ store: any SegmentStore, over local: (any LogFileSystem)?, folder: String,
        cache: IndexCache?
    ) {
        self.store = store
        self.local = local
        self.folder = folder
        self.cache = cache
    }

    /// What reading the store took so far.
    var reading: StoreReading { state.withLock { $0.reading } }

    var isDistant: Bool { true }

    // MARK: - The store

    /// The sizes of the store's files.
    ///
    /// - Parameter age: The age up to which an earlier listing is used.
    private func sizes(within age: Duration = fresh) throws(SystemFault) -> [String: Int] {
        let known = state.withLock { state -> [String: Int]? in
            guard let at = state.listedAt, ContinuousClock.now - at < age else { return nil }
            return state.sizes
        }
        if let known { return known }
        let store = self.store
        let listed = Self.wait { () async -> Result<[String: Int], SegmentStoreFault> in
            do throws(SegmentStoreFault) { return .success(try await store.files()) } catch {
                return .failure(error)
            }
        }
        return try state.withLock { state throws(SystemFault) in
            state.reading.requests += 1
            state.listedAt = .now
            switch listed {
            case .success(let sizes): state.sizes = sizes
            case .failure(let fault):
                state.listedAt = nil
                throw SystemFault("list", store.place, fault)
            }
            return state.sizes
        }
    }

    /// The name of a segment's file in the log's folder; nil for any other path.
    private func segmentFile(_ path: String) -> String? {
        guard path.hasPrefix(folder + "/") else { return nil }
        let name = String(path.dropFirst(folder.count + 1))
        switch LogFolder.Entry(name) {
        case .archive, .index: return name
        default: return nil
        }
    }

    private func size(_ path: String) throws(SystemFault) -> Int? {
        guard let name = segmentFile(path) else { return nil }
        return try sizes()[name]
    }

    /// Reads parts of files from the store, all at once.
    private func fetch(
        _ parts: [(name: String, range: Range<Int>)]
    ) -> Result<[[UInt8]], SegmentStoreFault> {
        let store = self.store
        let results = Self.wait {
            await withTaskGroup(of: ReadPart.self) { group in
                for (place, part) in parts.enumerated() {
                    group.addTask {
                        var read = ReadPart(place: place)
                        do throws(SegmentStoreFault) {
                            read.result = .success(try await store.read(part.name, part.range))
                        } catch { read.result = .failure(error) }
                        return read
                    }
                }
                return await group.reduce(into: [Int: ReadPart]()) { $0[$1.place] = $1 }
            }
        }
        var all: [[UInt8]] = []
        for (place, part) in parts.enumerated() {
            switch results[place]?.result {
            case .success(let bytes):
                all.append(bytes)
                hold(Piece(range: part.range, bytes: bytes), of: part.name)
                if part.name.hasSuffix(".idx") { cache?.keep(bytes, of: part.name, at: part.range) }
            case .failure(let fault):
                state.withLock { state in
                    state.reading.requests += 1
                    // The file was removed since it was listed.
                    if fault.isAbsence { state.listedAt = nil }
                }
                return .failure(fault)
            case nil: return .failure(SegmentStoreFault("\(part.name): no answer"))
            }
        }
        state.withLock { state in
            state.reading.requests += parts.count
            state.reading.bytes += all.reduce(0) { $0 + $1.count }
        }
        return .success(all)
    }

    private func hold(_ piece: Piece, of name: String) {
        state.withLock { state in
            state.pieces[name, default: []].append(piece)
            state.arrivals.append((name, piece.range))
            state.held += piece.bytes.count
            while state.held > Self.most, state.arrivals.count > 1 {
                let oldest = state.arrivals.removeFirst()
                let place = state.pieces[oldest.name]?.firstIndex { $0.range == oldest.range }
                guard let place, let gone = state.pieces[oldest.name]?.remove(at: place) else {
                    continue
                }
                state.held -= gone.bytes.count
                if state.pieces[oldest.name]?.isEmpty == true { state.pieces[oldest.name] = nil }
            }
        }
    }

    /// The piece of a file that contains a byte.
    private func piece(of name: String, at offset: Int) -> Piece? {
        if let held = state.withLock({ $0.pieces[name]?.last { $0.range.contains(offset) } }) {
            return held
        }
        guard let (range, bytes) = cache?.part(of: name, at: offset) else { return nil }
        let piece = Piece(range: range, bytes: bytes)
        hold(piece, of: name)
        return piece
    }

    /// The part of a file to read for one that is not held.
    private func part(
        of name: String, _ range: Range<Int>, size: Int
    ) -> (name: String, range: Range<Int>) {
        var end = range.upperBound
        if name.hasSuffix(".idx") {
            end = max(end, range.lowerBound + ReadPlan.index)
        } else if state.withLock({
            $0.pieces[name]?.contains { $0.range.upperBound == range.lowerBound } ?? false
        }) {
            end = max(end, range.lowerBound + ReadPlan.ahead)
        }
        return (name, range.lowerBound..<min(end, size))
    }

    func expect(_ parts: [(path: String, range: Range<Int>)]) {
        var wanted: [String: [Range<Int>]] = [:]
        var isHere: [String: Bool] = [:]
        for part in parts {
            // A file on this disk is read without a hint.
            let isLocal = isHere[part.path] ?? ((try? local?.facts(part.path)) != nil)
            isHere[part.path] = isLocal
            guard !isLocal, let name = segmentFile(part.path), let size = try? size(part.path)
            else {
                continue
            }
            let range = part.range.clamped(to: 0..<size)
            guard !range.isEmpty, !isHeld(range, of: name) else { continue }
            wanted[name, default: []].append(range)
        }
        let reads = wanted.sorted { $0.key < $1.key }.flatMap { name, ranges in
            ReadPlan.joined(ranges).map { (name: name, range: $0) }
        }
        // A read in its turn reports the fault.
        if !reads.isEmpty { _ = fetch(reads) }
    }

    private func isHeld(_ range: Range<Int>, of name: String) -> Bool {
        var offset = range.lowerBound
        while offset < range.upperBound {
            guard let piece = piece(of: name, at: offset) else { return false }
            offset = piece.range.upperBound
        }
        return true
    }

    /// Waits for an asynchronous call. Only for threads that may block.
    private static func wait<T: Sendable>(_ work: @escaping @Sendable () async -> T) -> T {
        let done = DispatchSemaphore(value: 0)
        let box = Box<T>()
        Task.detached {
            let value = await work()
            box.value.withLock { $0 = value }
            done.signal()
        }
        while true {
            done.wait()
            if let value = box.value.withLock({ $0 }) { return value }
        }
    }

    private final class Box<T: Sendable>: Sendable {
        let value = Mutex<T?>(nil)
    }

    // MARK: - Reading

    func names(in folder: String) throws(SystemFault) -> [String] {
        guard folder == self.folder else { return try writable("list", folder).names(in: folder) }
        guard let local else { return Array(try sizes().keys) }
        let here = try local.names(in: folder)
        var there = try sizes()
        // A segment may have left this disk since the store was listed.
        let oldest = here.compactMap(Self.number).min()
        let newest = there.keys.compactMap(Self.number).max() ?? 0
        if oldest.map({ newest + 1 < $0 }) ?? true { there = try sizes(within: .seconds(1)) }
        // A segment of which a file is here is read here, also if the store's has another name.
        let numbers = Set(here.compactMap(Self.number))
        let beyond = there.keys.filter { name in
            Self.segment(name).map { !numbers.contains($0) } ?? false
        }
        return Array(Set(here).union(beyond))
    }

    /// The number of the segment that a file is the archive or the plain file of.
    private static func number(_ name: String) -> UInt64? {
        switch LogFolder.Entry(name) {
        case .archive(let name), .closed(let name): name.number
        default: nil
        }
    }

    /// The number of the segment that a file of the store belongs to.
    private static func segment(_ name: String) -> UInt64? {
        StoredSegmentName(name)?.number
    }

    func openToRead(_ path: String) throws(SystemFault) -> LogFile {
        if let local {
            do throws(SystemFault) { return try local.openToRead(path) } catch {
                guard error.isAbsence, try size(path) != nil else { throw error }
            }
        } else if try size(path) == nil {
            throw SystemFault("open", path, code: ENOENT)
        }
        return LogFile(descriptor: -1, path: path)
    }

    func close(_ file: LogFile) {
        if file.descriptor >= 0 { local?.close(file) }
    }

    func read(
        _ file: LogFile, into buffer: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(SystemFault) -> Int {
        if file.descriptor >= 0 {
            return try writable("read", file.path).read(file, into: buffer, at: offset)
        }
        guard let name = segmentFile(file.path), let size = try size(file.path) else {
            throw SystemFault("read", file.path, code: ENOENT)
        }
        let wanted = offset..<max(offset, min(offset + buffer.count, size))
        guard !wanted.isEmpty else { return 0 }
        var found = piece(of: name, at: offset)
        if found == nil {
            let part = part(of: name, wanted, size: size)
            switch fetch([part]) {
            case .success(let bytes): found = Piece(range: part.range, bytes: bytes.first ?? [])
            case .failure(let fault):
                throw SystemFault("read", file.path, fault)
            }
        }
        guard let piece = found else { return 0 }
        let start = offset - piece.range.lowerBound
        let count = min(wanted.count, piece.bytes.count - start)
        guard count > 0 else { throw SystemFault("read", file.path, code: EIO) }
        piece.bytes.withUnsafeBytes { bytes in
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + count]))
        }
        return count
    }

    func facts(_ path: String) throws(SystemFault) -> FileFacts {
        if let local {
            do throws(SystemFault) { return try local.facts(path) } catch {
                guard error.isAbsence, try size(path) != nil else { throw error }
            }
        }
        return try storedFacts(path)
    }

    func facts(_ file: LogFile) throws(SystemFault) -> FileFacts {
        if file.descriptor >= 0 { return try writable("stat", file.path).facts(file) }
        return try storedFacts(file.path)
    }

    private func storedFacts(_ path: String) throws(SystemFault) -> FileFacts {
        guard let size = try size(path) else { throw SystemFault("stat", path, code: ENOENT) }
        return FileFacts(bytes: size, allocated: size, identity: 0, modified: 0)
    }

    // MARK: - Writing

    /// The local files, for a call that the store's files do not have.
    private func writable(
        _ call: String, _ path: String
    ) throws(SystemFault) -> any LogFileSystem {
        guard let local else { throw SystemFault(call, path, code: EROFS) }
        return local
    }

    func openToWrite(_ path: String, fresh: Bool) throws(SystemFault) -> LogFile {
        // The index of an archive that only the store has is not rebuilt here.
        let name = path.hasSuffix(SegmentName.temporary) ? String(path.dropLast(4)) : path
        let archive = name.hasSuffix(".idx") ? String(name.dropLast(4)) + ".jsonl.gz" : name
        if try size(archive) != nil, (try? local?.facts(archive)) == nil {
            throw SystemFault("open", path, code: EROFS)
        }
        return try writable("open", path).openToWrite(path, fresh: fresh)
    }

    func makeFolder(_ path: String) throws(SystemFault) {
        try writable("mkdir", path).makeFolder(path)
    }

    func write(
        _ file: LogFile, _ bytes: UnsafeRawBufferPointer, at offset: Int
    ) throws(SystemFault) -> Int {
        try writable("write", file.path).write(file, bytes, at: offset)
    }

    func sync(_ file: LogFile) throws(SystemFault) { try writable("sync", file.path).sync(file) }

    func syncFolder(_ folder: String) throws(SystemFault) {
        try writable("sync", folder).syncFolder(folder)
    }

    func allocate(_ file: LogFile, bytes: Int) throws(SystemFault) {
        try writable("allocate", file.path).allocate(file, bytes: bytes)
    }

    func truncate(_ file: LogFile, to bytes: Int) throws(SystemFault) {
        try writable("truncate", file.path).truncate(file, to: bytes)
    }

    func rename(_ from: String, to: String) throws(SystemFault) {
        try writable("rename", from).rename(from, to: to)
    }

    func remove(_ path: String) throws(SystemFault) { try writable("unlink", path).remove(path) }

    func space(at path: String) throws(SystemFault) -> (free: Int, total: Int) {
        try writable("statfs", path).space(at: path)
    }
}

/// What reading one part of a file gave. No tuple, see `ShippedCodeTests`.
private struct ReadPart: Sendable {
    let place: Int
    var result: Result<[UInt8], SegmentStoreFault>?
}
