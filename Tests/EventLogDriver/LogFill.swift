import Foundation
import EventLog

/// Fills a log from a file of lines, for benchmarks.
enum LogFill {
    private static let bodyBytes = 4 << 20

    static func run(_ directory: String, from path: String) async {
        do {
            let eventLog = try await EventLog.open(
                EventLogConfiguration(
                    directory: directory, node: "driver", maxBytes: 64 << 30, minFree: 0))
            guard let file = FileHandle(forReadingAtPath: path) else {
                throw CocoaError(.fileNoSuchFile)
            }
            var rest: [UInt8] = []
            while let piece = try file.read(upToCount: bodyBytes), !piece.isEmpty {
                rest += piece
                guard let newline = rest.lastIndex(of: UInt8(ascii: "\n")) else { continue }
                let receipt = try await eventLog.ingest(Array(rest[...newline]))
                guard receipt.rejected.isEmpty, receipt.shed.isEmpty else {
                    throw CocoaError(.fileReadCorruptFile)
                }
                rest.removeFirst(newline + 1)
                // A backlog would be compressed less.
                while eventLog.status.unsealed > 0 {
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
            exit(0)
        } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            exit(1)
        }
    }
}
