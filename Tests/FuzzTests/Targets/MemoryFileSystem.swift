import Synchronization

@testable import EventLog

/// A log's folder in memory: files by path, descriptors, no disk.
final class MemoryFileSystem: LogFileSystem {
    private struct State {
        var files: [String: [UInt8]] = [:]
        var open: [Int32: String] = [:]
        var next: Int32 = 3
    }

    private let state = Mutex(State())

    subscript(path: String) -> [UInt8]? {
        get { state.withLock { $0.files[path] } }
        set { state.withLock { $0.files[path] = newValue } }
    }

    /// The number of open files.
    var descriptors: Int { state.withLock { $0.open.count } }

    private func known<T: Sendable>(
        _ call: String, _ path: String, _ body: (inout [UInt8]) -> T
    ) throws(SystemFault) -> T {
        let result = state.withLock { state -> T? in
            guard state.files[path] != nil else { return nil }
            return body(&state.files[path, default: []])
        }
        guard let result else { throw SystemFault(call, path, code: SystemFault.absence) }
        return result
    }

    func makeFolder(_ path: String) {}

    func names(in folder: String) -> [String] {
        state.withLock { state in
            state.files.keys.filter { $0.hasPrefix(folder + "/") }
                .map { String($0.dropFirst(folder.count + 1)) }
        }
    }

    func openToRead(_ path: String) throws(SystemFault) -> LogFile {
        try known("open", path) { _ in }
        return opened(path)
    }

    func openToWrite(_ path: String, fresh: Bool) -> LogFile {
        state.withLock { if fresh || $0.files[path] == nil { $0.files[path] = [] } }
        return opened(path)
    }

    private func opened(_ path: String) -> LogFile {
        state.withLock { state in
            state.next += 1
            state.open[state.next] = path
            return LogFile(descriptor: state.next, path: path)
        }
    }

    func close(_ file: LogFile) { state.withLock { $0.open[file.descriptor] = nil } }

    func write(
        _ file: LogFile, _ bytes: UnsafeRawBufferPointer, at offset: Int
    ) throws(SystemFault) -> Int {
        let added = Array(bytes)
        return try known("write", file.path) { content in
            if content.count < offset + added.count {
                content += Array(repeating: 0, count: offset + added.count - content.count)
            }
            content.replaceSubrange(offset..<offset + added.count, with: added)
            return added.count
        }
    }

    func read(
        _ file: LogFile, into buffer: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(SystemFault) -> Int {
        let content = try known("read", file.path) { $0 }
        guard offset < content.count else { return 0 }
        let part = content[offset..<min(content.count, offset + buffer.count)]
        buffer.copyBytes(from: part)
        return part.count
    }

    func sync(_ file: LogFile) {}
    func syncFolder(_ folder: String) {}
    func allocate(_ file: LogFile, bytes: Int) {}

    func truncate(_ file: LogFile, to bytes: Int) throws(SystemFault) {
        try known("truncate", file.path) { content in
            content = Array(content.prefix(bytes))
        }
    }

    func rename(_ from: String, to: String) throws(SystemFault) {
        let content = try known("rename", from) { $0 }
        state.withLock { state in
            state.files[from] = nil
            state.files[to] = content
        }
    }

    func remove(_ path: String) throws(SystemFault) {
        try known("remove", path) { _ in }
        state.withLock { $0.files[path] = nil }
    }

    func facts(_ path: String) throws(SystemFault) -> FileFacts {
        let count = try known("stat", path) { $0.count }
        return FileFacts(bytes: count, allocated: count, identity: 1, modified: 1_700_000_000_000)
    }

    func facts(_ file: LogFile) throws(SystemFault) -> FileFacts { try facts(file.path) }

    func space(at path: String) -> (free: Int, total: Int) { (1 << 40, 1 << 40) }
}
