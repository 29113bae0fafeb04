import Core
import Foundation

/// The two standard streams.
enum Standard {
    /// Whether standard output is a terminal.
    static var isTerminal: Bool { isatty(FileHandle.standardOutput.fileDescriptor) == 1 }

    static func error(_ text: String) {
        FileHandle.standardError.write(Data((InertText.terminalLines(text) + "\n").utf8))
    }

    /// Writes a line without buffering, also to a pipe or a file.
    static func line(_ text: String) { write(Array((text + "\n").utf8)) }

    /// Writes bytes unchanged, for output that other programs read.
    static func write(_ bytes: [UInt8]) { FileHandle.standardOutput.write(Data(bytes)) }
}
