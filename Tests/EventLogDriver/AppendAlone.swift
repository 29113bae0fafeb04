import Foundation
import EventLog

/// Measures how fast lines are appended when each body is written and synced before the next.
/// Excludes the network and the validation of bodies.
enum AppendAlone {
    static func run(_ directory: String, from path: String, linesPerBody: Int) async {
        do {
            let bodies = try bodies(of: path, lines: linesPerBody)
            let eventLog = try await EventLog.open(
                EventLogConfiguration(
                    directory: directory, node: "driver", maxBytes: 64 << 30, minFree: 0,
                    segmentBytes: 32 << 30))
            let begun = ContinuousClock.now
            for body in bodies {
                let accepted = try await withCheckedThrowingContinuation { continuation in
                    eventLog.ingest(body) { continuation.resume(with: $0.map(\.accepted)) }
                }
                guard accepted > 0 else { throw CocoaError(.fileReadCorruptFile) }
            }
            let took = begun.duration(to: .now)
            print(took / .seconds(1))
            exit(0)
        } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            exit(1)
        }
    }

    private static func bodies(of path: String, lines: Int) throws -> [IngestBody] {
        var bodies: [IngestBody] = []
        var body: [UInt8] = []
        var count = 0
        for byte in try Data(contentsOf: URL(fileURLWithPath: path)) {
            body.append(byte)
            guard byte == UInt8(ascii: "\n") else { continue }
            count += 1
            guard count == lines else { continue }
            bodies.append(IngestBody(body))
            body = []
            count = 0
        }
        if !body.isEmpty { bodies.append(IngestBody(body)) }
        return bodies
    }
}
