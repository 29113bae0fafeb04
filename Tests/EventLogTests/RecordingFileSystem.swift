import Foundation
import Synchronization
import TestSupport

@testable import EventLog

/// The real file system with a record of every change in order. A test can restore the folder of
/// any moment, optionally with synced data only.
final class RecordingFileSystem: LogFileSystem {
    enum Change: Sendable {
        case create(name: String, file: Int)
        case write(file: Int, offset: Int, bytes: [UInt8])
        case truncate(file: Int, size: Int)
        case sync(file: Int)
        case rename(from: String, to: String)
        case remove(name: String)
        case syncFolder
        /// A mark by the test: these lines were acknowledged.
        case acknowledged([String])
    }

    private struct State {
        var changes: [Change] = []
        var fileByDescriptor: [Int32: Int] = [:]
        var fileByName: [String: Int] = [:]
        var files = 0
    }

    private let state = Mutex(State())
    private let real = PosixFileSystem()

    init() {}

    var changes: [Change] { state.withLock { $0.changes } }

    func acknowledge(_ lines: [String]) {
        state.withLock { $0.changes.append(.acknowledged(lines)) }
    }

    private func name(_ path: String) -> String { String(path.split(separator: "/").last ?? "") }

    /// Records the change and makes it in one step, so that the order is correct.
    private func note<T>(_ change: (inout State) throws(SystemFault) -> T) throws(SystemFault) -> T
    {
        let result = state.withLock { state -> Result<T, SystemFault> in
            do throws(SystemFault) { return .success(try change(&state)) } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    func makeFolder(_ path: String) throws(SystemFault) { try real.makeFolder(path) }
    func names(in folder: String) throws(SystemFault) -> [String] { try real.names(in: folder) }
    func openToRead(_ path: String) throws(SystemFault) -> LogFile { try real.openToRead(path) }

    func openToWrite(_ path: String, fresh: Bool) throws(SystemFault) -> LogFile {
        try note { state throws(SystemFault) in
            let file = try real.openToWrite(path, fresh: fresh)
            let name = name(path)
            if let known = state.fileByName[name] {
                state.fileByDescriptor[file.descriptor] = known
                if fresh { state.changes.append(.truncate(file: known, size: 0)) }
            } else {
                state.files += 1
                state.fileByName[name] = state.files
                state.fileByDescriptor[file.descriptor] = state.files
                state.changes.append(.create(name: name, file: state.files))
            }
            return file
        }
    }

    func close(_ file: LogFile) {
        state.withLock { _ = $0.fileByDescriptor.removeValue(forKey: file.descriptor) }
        real.close(file)
    }

    func write(
        _ file: LogFile, _ bytes: UnsafeRawBufferPointer, at offset: Int
    ) throws(SystemFault) -> Int {
        try note { state throws(SystemFault) in
            let done = try real.write(file, bytes, at: offset)
            state.changes.append(
                .write(
                    file: state.fileByDescriptor[file.descriptor] ?? 0, offset: offset,
                    bytes: Array(bytes[..<done])))
            return done
        }
    }

    func read(
        _ file: LogFile, into buffer: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(SystemFault) -> Int { try real.read(file, into: buffer, at: offset) }

    func sync(_ file: LogFile) throws(SystemFault) {
        try note { state throws(SystemFault) in
            state.changes.append(.sync(file: state.fileByDescriptor[file.descriptor] ?? 0))
        }
    }

    func syncFolder(_ folder: String) throws(SystemFault) {
        guard folder.hasSuffix("/log") else { return }
        try note { state throws(SystemFault) in state.changes.append(.syncFolder) }
    }

    func allocate(_ file: LogFile, bytes: Int) throws(SystemFault) {
        try real.allocate(file, bytes: bytes)
    }

    func truncate(_ file: LogFile, to bytes: Int) throws(SystemFault) {
        try note { state throws(SystemFault) in
            try real.truncate(file, to: bytes)
            state.changes.append(
                .truncate(file: state.fileByDescriptor[file.descriptor] ?? 0, size: bytes))
        }
    }

    func rename(_ from: String, to: String) throws(SystemFault) {
        try note { state throws(SystemFault) in
            try real.rename(from, to: to)
            state.fileByName[name(to)] = state.fileByName.removeValue(forKey: name(from))
            state.changes.append(.rename(from: name(from), to: name(to)))
        }
    }

    func remove(_ path: String) throws(SystemFault) {
        try note { state throws(SystemFault) in
            try real.remove(path)
            state.fileByName[name(path)] = nil
            state.changes.append(.remove(name: name(path)))
        }
    }

    func facts(_ path: String) throws(SystemFault) -> FileFacts { try real.facts(path) }
    func facts(_ file: LogFile) throws(SystemFault) -> FileFacts { try real.facts(file) }
    func space(at path: String) throws(SystemFault) -> (free: Int, total: Int) {
        try real.space(at: path)
    }
}

/// The content of a disk after some of the recorded changes, and what a power cut can remove from
/// it: file bytes without a sync, and names without a sync of the folder.
struct DiskModel {
    /// How much of the unsynced data reached the disk anyway.
    enum Luck: CaseIterable { case everything, nothing, some }

    private struct File {
        var synced: [UInt8] = []
        var pending: [RecordingFileSystem.Change] = []
    }

    private var files: [Int: File] = [:]
    private var syncedNames: [String: Int] = [:]
    private var pendingNames: [RecordingFileSystem.Change] = []
    /// The lines acknowledged so far, in order.
    private(set) var acknowledged: [String] = []

    mutating func apply(_ change: RecordingFileSystem.Change) {
        switch change {
        case .create(_, let file):
            files[file] = File()
            pendingNames.append(change)
        case .rename, .remove: pendingNames.append(change)
        case .syncFolder:
            for change in pendingNames { Self.rename(&syncedNames, change) }
            pendingNames = []
        case .write(let file, _, _), .truncate(let file, _):
            files[file, default: File()].pending.append(change)
        case .sync(let file):
            guard var found = files[file] else { return }
            for change in found.pending { Self.write(&found.synced, change) }
            found.pending = []
            files[file] = found
        case .acknowledged(let lines): acknowledged += lines
        }
    }

    /// The folder's files after the power cut.
    func contents(_ luck: Luck, _ random: inout SeededRandom) -> [String: [UInt8]] {
        var names = syncedNames
        for change in pendingNames.prefix(kept(pendingNames.count, luck, &random)) {
            Self.rename(&names, change)
        }
        return names.mapValues { number in
            guard let file = files[number] else { return [] }
            var bytes = file.synced
            let count = kept(file.pending.count, luck, &random)
            for change in file.pending.prefix(count) { Self.write(&bytes, change) }
            // Part of the interrupted write may be on the disk.
            if luck == .some, count < file.pending.count,
                case .write(let id, let offset, let written) = file.pending[count]
            {
                let part = Int.random(in: 0...written.count, using: &random)
                Self.write(
                    &bytes, .write(file: id, offset: offset, bytes: Array(written[..<part])))
            }
            return bytes
        }
    }

    private func kept(_ count: Int, _ luck: Luck, _ random: inout SeededRandom) -> Int {
        switch luck {
        case .everything: count
        case .nothing: 0
        case .some: Int.random(in: 0...count, using: &random)
        }
    }

    private static func rename(_ names: inout [String: Int], _ change: RecordingFileSystem.Change) {
        switch change {
        case .create(let name, let file): names[name] = file
        case .rename(let from, let to):
            if let file = names.removeValue(forKey: from) { names[to] = file }
        case .remove(let name): names[name] = nil
        default: break
        }
    }

    private static func write(_ bytes: inout [UInt8], _ change: RecordingFileSystem.Change) {
        switch change {
        case .write(_, let offset, let written):
            let end = offset + written.count
            if bytes.count < end {
                bytes += [UInt8](repeating: 0, count: end - bytes.count)
            }
            bytes.replaceSubrange(offset..<end, with: written)
        case .truncate(_, let size):
            bytes =
                Array(bytes.prefix(size)) + [UInt8](repeating: 0, count: max(0, size - bytes.count))
        default: break
        }
    }
}
