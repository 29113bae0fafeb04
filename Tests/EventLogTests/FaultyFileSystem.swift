import Foundation
import Synchronization

@testable import EventLog

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The real file system with fault injection for each call, and counts of bytes read.
final class FaultyFileSystem: LogFileSystem {
    enum Call: String, Sendable {
        case makeFolder, open, write, sync, syncFolder, truncate, rename, remove, allocate
        case list, openToRead, read, stat, space

        /// Whether the call only reads the disk.
        var onlyReads: Bool {
            switch self {
            case .list, .openToRead, .read, .stat, .space: true
            default: false
            }
        }
    }

    /// Returns the error code to fail a call with; nil lets it pass.
    typealias Rule = @Sendable (_ call: Call, _ path: String) -> Int32?

    private struct State {
        var rule: Rule?
        /// The largest write, in bytes; longer writes are cut short.
        var writeLimit = Int.max
        var free: Int?
        var after: (@Sendable () -> Void)?
        var calls: [Call: Int] = [:]
        var read: [String: Int] = [:]
    }

    private let state = Mutex(State())
    private let real = PosixFileSystem()

    init() {}

    func fail(_ rule: Rule?) { state.withLock { $0.rule = rule } }
    func limitWrites(to bytes: Int) { state.withLock { $0.writeLimit = bytes } }
    func pretendFree(_ bytes: Int?) { state.withLock { $0.free = bytes } }
    /// Called after every call that changed the disk.
    func afterEach(_ look: (@Sendable () -> Void)?) { state.withLock { $0.after = look } }
    func count(_ call: Call) -> Int { state.withLock { $0.calls[call, default: 0] } }

    /// The bytes read, by path.
    var bytesRead: [String: Int] { state.withLock { $0.read } }

    private func decide(_ call: Call, _ path: String) throws(SystemFault) {
        let rule = state.withLock { state in
            state.calls[call, default: 0] += 1
            return state.rule
        }
        if let code = rule?(call, path) { throw SystemFault(call.rawValue, path, code: code) }
    }

    private func done() { state.withLock { $0.after }?() }

    func makeFolder(_ path: String) throws(SystemFault) {
        try decide(.makeFolder, path)
        try real.makeFolder(path)
    }

    func names(in folder: String) throws(SystemFault) -> [String] {
        try decide(.list, folder)
        return try real.names(in: folder)
    }

    func openToRead(_ path: String) throws(SystemFault) -> LogFile {
        try decide(.openToRead, path)
        return try real.openToRead(path)
    }

    func openToWrite(_ path: String, fresh: Bool) throws(SystemFault) -> LogFile {
        try decide(.open, path)
        defer { done() }
        return try real.openToWrite(path, fresh: fresh)
    }

    func close(_ file: LogFile) { real.close(file) }

    func write(
        _ file: LogFile, _ bytes: UnsafeRawBufferPointer, at offset: Int
    ) throws(SystemFault) -> Int {
        try decide(.write, file.path)
        defer { done() }
        let limit = min(bytes.count, state.withLock { $0.writeLimit })
        return try real.write(file, UnsafeRawBufferPointer(rebasing: bytes[..<limit]), at: offset)
    }

    func read(
        _ file: LogFile, into buffer: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(SystemFault) -> Int {
        try decide(.read, file.path)
        let got = try real.read(file, into: buffer, at: offset)
        state.withLock { $0.read[file.path, default: 0] += got }
        return got
    }

    func sync(_ file: LogFile) throws(SystemFault) {
        try decide(.sync, file.path)
        try real.sync(file)
    }

    func syncFolder(_ folder: String) throws(SystemFault) {
        try decide(.syncFolder, folder)
        try real.syncFolder(folder)
    }

    func allocate(_ file: LogFile, bytes: Int) throws(SystemFault) {
        try decide(.allocate, file.path)
        try real.allocate(file, bytes: bytes)
    }

    func truncate(_ file: LogFile, to bytes: Int) throws(SystemFault) {
        try decide(.truncate, file.path)
        try real.truncate(file, to: bytes)
    }

    func rename(_ from: String, to: String) throws(SystemFault) {
        try decide(.rename, from)
        try real.rename(from, to: to)
    }

    func remove(_ path: String) throws(SystemFault) {
        try decide(.remove, path)
        try real.remove(path)
    }

    func facts(_ path: String) throws(SystemFault) -> FileFacts {
        try decide(.stat, path)
        return try real.facts(path)
    }

    func facts(_ file: LogFile) throws(SystemFault) -> FileFacts {
        try decide(.stat, file.path)
        return try real.facts(file)
    }

    func space(at path: String) throws(SystemFault) -> (free: Int, total: Int) {
        try decide(.space, path)
        let found = try real.space(at: path)
        return (state.withLock { $0.free } ?? found.free, found.total)
    }
}
