import Foundation
import Testing

/// Files with the expected messages, next to the tests.
enum Golden {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Golden")

    /// Set `BELLWETHER_RECORD_GOLDEN=1` to write the files instead of comparing.
    static var isRecording: Bool {
        ProcessInfo.processInfo.environment["BELLWETHER_RECORD_GOLDEN"] == "1"
    }

    /// Expects the file `name` to contain `text`.
    static func expect(
        _ text: String, in name: String, folder: URL = Golden.folder,
        at location: SourceLocation = #_sourceLocation
    ) throws {
        let file = folder.appendingPathComponent(name)
        if isRecording { try Data(text.utf8).write(to: file) }
        let kept = (try? String(contentsOf: file, encoding: .utf8)) ?? "(no such file)"
        #expect(text == kept, "\(name) differs", sourceLocation: location)
    }
}
