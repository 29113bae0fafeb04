import Foundation

/// A temporary folder for one test, removed when the value is destroyed.
public final class TemporaryDirectory: Sendable {
    public let path: String

    /// - Parameter base: The folder that contains it; nil for the system's.
    public init(_ name: String = "bellwether-test", in base: String? = nil) throws {
        let url = (base.map(URL.init(fileURLWithPath:)) ?? FileManager.default.temporaryDirectory)
            .appendingPathComponent("\(name)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of a file in the folder.
    public func file(_ name: String) -> String { path + "/" + name }
}
