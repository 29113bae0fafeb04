import Testing

@testable import EventLog

/// Damages each file of a log in each way at many offsets; `LogTarget` checks the result.
@Suite("Damaged files of a log")
struct LogDamageTests {
    private typealias Change = LogTarget.Change

    @Test("an undamaged log is read completely")
    func whole() throws { try LogTarget.judge([]) }

    @Test(
        "every printed line was stored, missing ones are reported, verify finds the damage",
        arguments: LogTarget.Harm.within)
    func everyFile(harm: LogTarget.Harm) {
        let sample = LogFolderSample()
        var findings: [String] = []
        for (file, path) in sample.paths.enumerated() {
            let size = sample.files[path]?.count ?? 0
            for change in Self.changes(harm, of: file, size: size) {
                do { try LogTarget.judge([change]) } catch {
                    findings.append(
                        "\(path) \(harm) at \(change.place), \(change.length) bytes of \(size): \(error)"
                    )
                }
            }
        }
        #expect(
            findings.isEmpty,
            "\(findings.count) findings, the first:\n\(findings.prefix(12).joined(separator: "\n"))"
        )
    }

    private static func changes(
        _ harm: LogTarget.Harm, of file: Int, size: Int
    ) -> [LogTarget.Change] {
        let places: [Int]
        let lengths: [Int]
        switch harm {
        case .empty: (places, lengths) = ([0], [0])
        case .append: (places, lengths) = ([0], [1, 100, 4000])
        case .flip, .cut, .forge:
            places = Array(stride(from: 0, to: size, by: max(1, size / 24))) + [max(0, size - 1)]
            lengths = [0]
        case .delete, .replace: (places, lengths) = ([], [])
        case .zero, .remove, .duplicate, .insert, .swap:
            places = Array(stride(from: 0, to: size, by: max(1, size / 7)))
            lengths = [1, 40, 3000]
        }
        return places.flatMap { place in
            lengths.map { length in
                Change(
                    file: file, harm: harm, place: place, length: length,
                    value: harm == .flip ? 1 << UInt8(place % 8) : harm == .append ? 0 : 1)
            }
        }
    }

    @Test("any groups and members that are cut out, copied or swapped as wholes")
    func wholeParts() throws {
        let sample = LogFolderSample()
        var findings: [String] = []
        for (file, path) in sample.paths.enumerated() {
            let parts = try Self.parts(of: path, in: sample)
            for (i, part) in parts.enumerated() {
                for harm in [LogTarget.Harm.remove, .duplicate, .swap, .zero, .cut] {
                    let change = Change(
                        file: file, harm: harm, place: part.lowerBound, length: part.count,
                        value: 0)
                    do { try LogTarget.judge([change]) } catch {
                        findings.append("\(path) part \(i) \(harm): \(error)")
                    }
                }
            }
        }
        #expect(findings.isEmpty, "\(findings.prefix(12).joined(separator: "\n"))")
    }

    /// The members of an archive, or the groups with commit lines of a plain segment.
    private static func parts(of path: String, in sample: LogFolderSample) throws -> [Range<Int>] {
        let bytes = try #require(sample.files[path])
        var parts: [Range<Int>] = []
        var start = 0
        if path.hasSuffix(".gz") {
            while start < bytes.count {
                let sizes = bytes[start...].withUnsafeBytes { GzipMember.sizes($0) }
                let packed = try #require(sizes).packed
                parts.append(start..<start + packed)
                start += packed
            }
        } else if path.hasSuffix(".jsonl") {
            for place in bytes.indices where bytes[place] == 0x0A {
                let line = bytes[..<place].split(separator: 0x0A).last ?? []
                guard Array(line).withUnsafeBytes({ CommitLine.isOne($0) }) else { continue }
                parts.append(start..<place + 1)
                start = place + 1
            }
        }
        return parts
    }
}
