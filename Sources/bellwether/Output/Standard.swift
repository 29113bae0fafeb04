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

/// A text table: columns padded to their widest cell, untrusted cells made inert.
struct Table {
    let heads: [String]
    private(set) var rows: [[String]] = []

    init(_ heads: String...) { self.heads = heads }

    mutating func add(_ cells: String...) { rows.append(cells.map { InertText.terminal($0) }) }

    var text: String {
        let all = [heads] + rows
        let widths = heads.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell
                if column < row.count - 1 {
                    line += String(repeating: " ", count: widths[column] - cell.count + 2)
                }
            }
            return line
        }.joined(separator: "\n")
    }
}
