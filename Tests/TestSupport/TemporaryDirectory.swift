import Foundation

/// A folder of its own for one test, removed when the value goes.
public final class TemporaryDirectory: Sendable {
    public let path: String

    public init(_ name: String = "bellwether-test") throws {
        let url = FileManager.default.temporaryDirectory
            .appendingPathComponent("\(name)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of a file inside.
    public func file(_ name: String) -> String { path + "/" + name }
}
