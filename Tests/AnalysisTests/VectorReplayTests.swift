import Foundation
import JSON
import TestSupport
import Testing

@testable import Analysis

struct VectorReplayTests {
    /// The published vectors, a sample of the output of `Scripts/judge-scipy.py`, and the file in
    /// BELLWETHER_VECTORS, if any.
    static let files: [URL] = {
        let folder = Bundle.module.resourceURL?.appendingPathComponent("Vectors")
        let further = ProcessInfo.processInfo.environment["BELLWETHER_VECTORS"]
        return ["judge.json", "scipy.json"].compactMap { folder?.appendingPathComponent($0) }
            + (further.map { [URL(fileURLWithPath: $0)] } ?? [])
    }()

    private static func published() throws -> [UInt8] {
        try Array(Data(contentsOf: #require(files.first)))
    }

    @Test(arguments: files) func everyVectorAgrees(file: URL) throws {
        let report = try VectorReplay.run(Array(Data(contentsOf: file)))
        #expect(report.mismatches.map(\.description) == [])
        #expect(report.compared > 200)
    }

    /// Every expected value is changed slightly, and each change is detected.
    @Test func everyChangedExpectationIsFound() throws {
        let tree = try JSONValue(parsing: Self.published(), limits: VectorReplay.limits)
        let changed = CanonicalJSON.text(Self.changing(tree, expecting: false))
        let report = try VectorReplay.run(Array(changed.utf8))
        #expect(report.compared > 200)
        #expect(report.mismatches.count == report.compared)
    }

    @Test func mismatchesNameWhatWasCompared() throws {
        let file =
            #"{"primitives":[{"fn":"cp_lower","args":[4,40,0.01],"expect":0.5},"#
            + #"{"fn":"no_such","args":[],"expect":1},{"fn":"cp_lower","args":[1],"expect":1}],"#
            + #""vectors":[{"id":"V","input":{"checks":{"a.x":{"kind":"gauge","obs":3,"spec":{}}}},"#
            + #""expect":{"checks":{"a.x":{"status":"fail"},"b.x":{}},"verdict":{"more":1}}}],"#
            + #""identity":{"series":[{"parts":["a","b"],"expect":"0"}]}}"#
        let report = try VectorReplay.run(Array(file.utf8))
        #expect(
            report.mismatches.map(\.name) == [
                "primitive cp_lower[4,40,0.01]", "primitive no_such[]", "primitive cp_lower[1]",
                "V checks a.x status", "V checks b.x", "V verdict more", "identity series a/b",
            ])
        #expect(
            report.mismatches[3].description == #"V checks a.x status: expected "fail", got "pass""#
        )
        #expect(report.mismatches[1].actual == "nothing")
    }

    @Test(arguments: ["{}", "[]", #"{"vectors":[]}"#, #"{"vectors":[{"id":"V"}]}"#])
    func aFileWithoutVectorsIsAMismatch(file: String) throws {
        #expect(try VectorReplay.run(Array(file.utf8)).mismatches.count == 1)
    }

    @Test func whatIsNotJSONIsThrown() {
        #expect(throws: JSONFault.self) { try VectorReplay.run(Array("{".utf8)) }
    }

    @Test func malformedVectorsNeverCrash() throws {
        var random = SeededRandom(seed: 11)
        let tree = try JSONValue(parsing: Self.published(), limits: VectorReplay.limits)
        for _ in 0..<40 {
            let damaged = Self.damaged(tree, &random)
            _ = try VectorReplay.run(Array(CanonicalJSON.text(damaged).utf8))
        }
    }

    /// A run given as windows only can expect its values after each window.
    @Test func runsAreJudgedWindowByWindow() throws {
        let windows = "[[3,400,0,3600],[2,400,1,3600],[5,400,2,3600]]"
        let spec = #"{"rho_fail":1.5,"alpha_fail":0.01,"min_delta":0.001}"#
        let file =
            #"{"vectors":[{"id":"R","input":{"windows":\#(windows),"spec":\#(spec)},"#
            + #""expect":{"e":[48.7534710868,1,1],"status":"fail"}}]}"#
        let report = try VectorReplay.run(Array(file.utf8))
        #expect(report.compared == 4)
        #expect(report.mismatches.map(\.name) == ["R e[1]", "R e[2]"])
    }

    /// Given states may be a list; the fields of the verdict are separate.
    @Test func verdictsOfGivenStates() throws {
        let file =
            #"{"vectors":[{"id":"M","input":{"checks":[{"id":"a","status":"pass"},"#
            + #"{"id":"b","status":"nodata","nodata":"ignore","reasons":["timeout"]}],"#
            + #""policy":{"comparable":false}},"expect":{"status":"unknown","score":100,"#
            + #""warnings":[{"id":"b","status":"nodata","reasons":["timeout"]}]}}]}"#
        let report = try VectorReplay.run(Array(file.utf8))
        #expect(report.compared == 5)
        #expect(report.mismatches.map(\.description) == [])
    }

    // MARK: - Changing expectations

    /// The file with all its expected values changed.
    private static func changing(_ tree: JSONValue, expecting: Bool) -> JSONValue {
        switch tree {
        case .object(let members):
            return .object(
                members.map { member in
                    let isExpected = expecting || ["expect", "jcs", "sha256"].contains(member.key)
                    return .init(member.key, changing(member.value, expecting: isExpected))
                })
        case .array(let elements):
            if expecting, elements.isEmpty { return .array([.null]) }
            return .array(elements.map { changing($0, expecting: expecting) })
        default: break
        }
        guard expecting else { return tree }
        switch tree {
        case .bool(let flag): return .bool(!flag)
        case .number:
            let number = tree.double ?? 0
            return .number(JSONNumber.text(number * (1 + 1e-6) + (number == 0 ? 1e-6 : 0)))
        case .string(let text): return .string(text + "?")
        default: return .bool(true)
        }
    }

    /// The tree with some values replaced by others of the wrong type.
    private static func damaged(_ tree: JSONValue, _ random: inout SeededRandom) -> JSONValue {
        if Int.random(in: 0..<60, using: &random) == 0 {
            let others: [JSONValue] = [
                .null, .bool(false), .number("-1"), .number("1e308"), .string("inf"), .array([]),
                .object([]),
            ]
            return others.randomElement(using: &random) ?? .null
        }
        switch tree {
        case .object(let members):
            return .object(members.map { .init($0.key, damaged($0.value, &random)) })
        case .array(let elements): return .array(elements.map { damaged($0, &random) })
        default: return tree
        }
    }
}
