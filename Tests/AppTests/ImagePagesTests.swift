import Foundation
import Testing

@testable import App

@Suite("What the start has mapped")
struct ImagePagesTests {
    /// Pages of files that this process has mapped.
    private static func mapped() -> Int? {
        let words = FileManager.default.contents(atPath: "/proc/self/statm")
            .map { String(decoding: $0, as: UTF8.self).split(separator: " ") }
        return words.flatMap { $0.count > 2 ? Int($0[2]) : nil }
    }

    @Test("it is given back, and all code goes on")
    func release() throws {
        let before = Self.mapped()
        ImagePages.release()
        let after = Self.mapped()
        #if os(Linux)
            #expect(try #require(after) < #require(before))
        #else
            #expect(before == after)
        #endif
        ImagePages.release()
    }
}
