import Foundation
import TestSupport
import Testing

/// What Swift 6.3 compiles wrongly with optimization, and so only for users.
///
/// A child task whose closure returned a tuple from within `do throws(E)`, as in
/// `return (place, .success(try await read()))`, lost the tuple's first part: the other node of a pair
/// never followed, and no archive in a bucket could be read. The modules in which that happened are
/// optimized in debug builds too (Package.swift), so that their tests fail if it comes back.
@Suite("Code that only the optimizer breaks")
struct ShippedCodeTests {
    @Test("no closure returns a tuple of what may throw a typed error")
    func tuples() throws {
        let pattern = try Regex(#"return \([^()]*, ?\.success\(try await|, ?\.failure\(error\)\)"#)
        let sources = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Sources")
        let files = try #require(
            FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        var count = 0
        for case let file as URL in files where file.pathExtension == "swift" {
            count += 1
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
                #expect(
                    line.firstMatch(of: pattern) == nil,
                    "\(file.lastPathComponent): \(line): return a value of a struct")
            }
        }
        #expect(count > 500)
    }
}
