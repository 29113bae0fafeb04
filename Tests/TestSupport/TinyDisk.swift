import Foundation

/// An in-memory file system of a few megabytes, for tests of a full disk.
public struct TinyDisk: Sendable {
    public let path: String
    private let folder: TemporaryDirectory?

    /// Whether this process may mount one. Tests that need it are skipped otherwise.
    public static let isPermitted: Bool = {
        guard let disk = try? TinyDisk(megabytes: 1) else { return false }
        disk.unmount()
        return true
    }()

    struct NotPermitted: Error {}

    /// Mounts at `path`, which is created, or in a temporary folder.
    public init(megabytes: Int, at path: String? = nil) throws {
        if let path {
            folder = nil
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
            self.path = path
        } else {
            let made = try TemporaryDirectory("disk")
            folder = made
            self.path = made.path
        }
        guard Self.run("mount", "-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", self.path)
        else { throw NotPermitted() }
    }

    public func unmount() { _ = Self.run("umount", "-l", path) }

    /// Fills the free space with a file, as another process would, and returns its path.
    public func fill() throws -> String {
        let others = path + "/others"
        _ = FileManager.default.createFile(atPath: others, contents: nil)
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: others))
        try file.seekToEnd()
        let piece = Data(repeating: 1, count: 4096)
        while (try? file.write(contentsOf: piece)) != nil {}
        try file.close()
        return others
    }

    private static func run(_ words: String...) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}
