import Foundation

/// The two standard streams.
enum Standard {
    static func error(_ text: String) {
        FileHandle.standardError.write(Data((TerminalText.inertLines(text) + "\n").utf8))
    }

    /// Writes a line without buffering, also to a pipe or a file.
    static func line(_ text: String) { write(Array((text + "\n").utf8)) }

    /// Writes bytes unchanged, for output that other programs read.
    static func write(_ bytes: [UInt8]) { FileHandle.standardOutput.write(Data(bytes)) }
}
