public import Core
import Events

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The key with which a node recognizes its own lines.
///
/// Stored in the file `log.key` (0600) in the data folder.
///
/// It belongs to the folder: a copy of the whole folder is the same node; a log without the key
/// belongs to another node. Anyone who can read the key can write lines in the node's name.
public enum SealKey {
    static func path(_ directory: String) -> String { directory + "/log.key" }

    /// Loads the key in `directory`, or creates it if it is missing or damaged.
    ///
    /// Call it while holding the folder's lock.
    ///
    /// - Returns: The key, and the fault if it could not be saved: the next start then does not
    ///   recognize lines sealed with it.
    static func load(_ directory: String) -> (seal: LineSeal, fault: SystemFault?) {
        let path = path(directory)
        if let key = read(path) { return (LineSeal(key: key), nil) }
        let key = random()
        do throws(FileFault) {
            // The file is durable before the first line is sealed.
            try AtomicFile.write(key, to: path, mode: 0o600)
            return (LineSeal(key: key), nil)
        } catch {
            return (LineSeal(key: key), SystemFault(error.call, error.path, code: error.code))
        }
    }

    private static func random() -> [UInt8] {
        var system = SystemRandomNumberGenerator()
        return (0..<LineSeal.keyBytes).map { _ in UInt8.random(in: .min ... .max, using: &system) }
    }

    /// The key of a folder, created if there is none or it is damaged. Blocks.
    public static func own(in directory: String) throws(FileFault) -> [UInt8] {
        let path = path(directory)
        if let key = read(path) { return key }
        let key = random()
        try AtomicFile.write(key, to: path, mode: 0o600)
        return key
    }

    /// The key of a folder, for a copy of the folder; nil if there is none or it is damaged. Blocks.
    public static func copy(of directory: String) -> [UInt8]? { read(path(directory)) }

    /// Gives a folder that no node has opened yet the key of another one, so that the lines copied
    /// from there count as its own. Does nothing for bytes that are no key. Blocks.
    public static func install(_ key: [UInt8], in directory: String) throws(FileFault) {
        guard key.count == LineSeal.keyBytes else { return }
        try AtomicFile.write(key, to: path(directory), mode: 0o600)
    }

    private static func read(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: LineSeal.keyBytes + 1)
        let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        return count == LineSeal.keyBytes ? Array(bytes.prefix(count)) : nil
    }
}
