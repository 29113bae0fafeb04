import Events
import JSON

/// Runs a file of test vectors through this judge, for `bellwether replay --vectors FILE`.
///
/// A file has `primitives`, `vectors` (whole attempts, merge cases, and single
/// checks under a name of their own) and `identity`; each part may be absent.
/// The members `fields` and `tolerance` only describe the file.
public struct VectorReplay {
    /// Limits of a file: 256 MiB, 64 levels of nesting.
    public static let limits = JSONLimits(maxBytes: 256 << 20, maxDepth: 64)

    private var comparison = ReplayComparison()

    /// Replays a whole file. Throws if it is not JSON; every other fault of the
    /// file is a mismatch.
    public static func run(_ file: [UInt8]) throws(JSONFault) -> ReplayReport {
        let tree = try JSONValue(parsing: file, limits: limits)
        var replay = VectorReplay()
        for primitive in tree["primitives"]?.elements ?? [] { replay.replay(primitive: primitive) }
        for vector in tree["vectors"]?.elements ?? [] { replay.replay(vector: vector) }
        if let identity = tree["identity"] { replay.replay(identity: identity) }
        if replay.comparison.report.compared == 0 {
            replay.comparison.fail("file", expected: "at least one vector", actual: "none")
        }
        return replay.comparison.report
    }

    // MARK: - Parts

    private mutating func replay(primitive: JSONValue) {
        let function = primitive["fn"]?.string ?? "?"
        let arguments = primitive["args"] ?? .null
        let name = "primitive \(function)\(CanonicalJSON.text(arguments))"
        comparison.compare(
            name, expected: primitive["expect"] ?? .null,
            actual: ReplayPrimitive.value(of: function, arguments.elements ?? []))
    }

    private mutating func replay(vector: JSONValue) {
        let id = vector["id"]?.string ?? "vector"
        guard let input = vector["input"], let expected = vector["expect"] else {
            return comparison.fail(id, expected: "input and expect", actual: "missing")
        }
        let attempt = ReplayAttempt(
            checks: input["checks"], policy: ReplayPolicy(input["policy"]),
            expecting: expected["checks"])
        for member in expected.members ?? [] where member.key != "note" {
            let name = "\(id) \(member.key)"
            switch member.key {
            case "checks":
                comparison.compare(name, expected: member.value, actual: attempt.checks)
            case "verdict":
                comparison.compare(name, expected: member.value, actual: attempt.verdict)
            case "cases":
                for wanted in member.value.members ?? [] {
                    replay(case: wanted, in: input["cases"], "\(name) \(wanted.key)")
                }
            case _ where input[member.key]?.members != nil:
                // A single check under its own name.
                let check = ReplayCheck(
                    id: member.key, input[member.key] ?? .null, expecting: member.value)
                comparison.compare(name, expected: member.value, actual: check.result)
            case _ where input["checks"] != nil:
                // Fields of the verdict, without the member `verdict` around them.
                comparison.compare(
                    name, expected: member.value, actual: attempt.verdict[member.key])
            default:
                // The input is one check, or one run of windows.
                let check = ReplayCheck(id: id, input, expecting: expected)
                comparison.compare(name, expected: member.value, actual: check.result[member.key])
            }
        }
    }

    private mutating func replay(
        case wanted: JSONValue.Member, in cases: JSONValue?, _ name: String
    ) {
        let found = cases?.elements?.first { $0["name"]?.string == wanted.key }
        guard let found else {
            return comparison.fail(name, expected: "a case of this name", actual: "missing")
        }
        let outcomes = (found["checks"]?.elements ?? []).map(CheckOutcome.init(mergeCase:))
        let policy = ReplayPolicy(found["policy"])
        // The result must not depend on order or repetition.
        for variant in [outcomes, outcomes.reversed(), outcomes + outcomes.reversed()] {
            let merged = Judgement(
                merging: variant, failShare: policy.failShare, comparable: policy.comparable)
            comparison.compare(name, expected: wanted.value, actual: merged.vectorForm)
        }
    }

    private mutating func replay(identity: JSONValue) {
        for window in identity["window"]?.elements ?? [] {
            let (at, length) = (window["t"]?.double ?? .nan, window["w"]?.double ?? .nan)
            let computed = MeasurementWindow(
                at: Timestamp(milliseconds: Int64(saturating: (at * 1000).rounded())),
                length: .milliseconds(Int64(saturating: (length * 1000).rounded())),
                settle: .milliseconds(
                    Int64(saturating: ((window["settle"]?.double ?? 0) * 1000).rounded())))
            comparison.compare(
                "identity window \(JSONNumber.text(at))", expected: window["expect"] ?? .null,
                actual: .array([.init(computed.start.seconds), .init(computed.end.seconds)]))
        }
        for series in identity["series"]?.elements ?? [] {
            let parts = (series["parts"]?.elements ?? []).compactMap(\.string)
            comparison.compare(
                "identity series \(parts.joined(separator: "/"))",
                expected: series["expect"] ?? .null, actual: .string(Series.id(of: parts)))
        }
        if let canonical = identity["canonical"], let document = canonical["doc"] {
            let text = CanonicalJSON.text(document)
            comparison.compare(
                "identity canonical jcs", expected: canonical["jcs"] ?? .null,
                actual: .string(text))
            comparison.compare(
                "identity canonical sha256", expected: canonical["sha256"] ?? .null,
                actual: .string(ContentHash.hex(text.utf8)))
        }
    }
}

/// One value on which a vectors file and this judge disagree.
public struct ReplayMismatch: Sendable, Equatable, CustomStringConvertible {
    /// The compared value: `V2_few_requests_fail checks canary.5xx_rate p_window`.
    public let name: String
    public let expected: String
    public let actual: String

    public var description: String { "\(name): expected \(expected), got \(actual)" }
}

/// The result of a replay.
public struct ReplayReport: Sendable, Equatable {
    /// How many values were compared.
    public var compared = 0
    /// In the order of the file; empty when all agree.
    public var mismatches: [ReplayMismatch] = []

    public init() {}
}
