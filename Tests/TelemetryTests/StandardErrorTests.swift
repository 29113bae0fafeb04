import Foundation
import Testing

@testable import Telemetry

@Suite("Writing lines to a pipe")
struct StandardErrorTests {
    @Test("lines of all threads arrive complete")
    func whole() async throws {
        let pipe = Pipe()
        let sink = StandardError(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        let reading = Task.detached { try pipe.fileHandleForReading.readToEnd() ?? Data() }
        await withTaskGroup { group in
            for writer in 0..<4 {
                group.addTask {
                    let letter = ["a", "b", "c", "d"][writer]
                    for _ in 0..<50 { sink.write(String(repeating: letter, count: 9000) + "\n") }
                }
            }
        }
        try pipe.fileHandleForWriting.close()
        let text = String(decoding: try await reading.value, as: UTF8.self)
        let lines = text.split(separator: "\n")
        #expect(lines.count == 200)
        #expect(lines.allSatisfy { $0.count == 9000 && Set($0).count == 1 })
    }

    @Test("a reader that stops does not block the writer, and later gets the number of lost lines")
    func stuck() throws {
        let pipe = Pipe()
        let sink = StandardError(
            descriptor: pipe.fileHandleForWriting.fileDescriptor, patienceMilliseconds: 1)
        let line = String(repeating: "x", count: 999) + "\n"
        for _ in 0..<2000 { sink.write(line) }

        var read = Data()
        while read.count < 32_768 { read += pipe.fileHandleForReading.availableData }
        sink.write("back\n")
        try pipe.fileHandleForWriting.close()
        read += try pipe.fileHandleForReading.readToEnd() ?? Data()
        let lines = String(decoding: read, as: UTF8.self).split(separator: "\n")
        #expect(lines.last == "back")
        let notice = try #require(lines.dropLast().last)
        let count = try #require(Int(notice.drop { !$0.isNumber }.prefix { $0.isNumber }))
        #expect(count > 1000 && count < 2000)
        #expect(notice.hasSuffix("log lines dropped: standard error was not read)"))
    }
}
