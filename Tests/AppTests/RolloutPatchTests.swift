import Foundation
import JSON
import TestSupport
import Testing

@testable import App

/// The printed patch on Rollouts that exist, by the API server's merge semantics.
///
/// A Rollout is a custom resource: the API server supports `--type merge` (RFC 7386) and `json` for
/// it, not `strategic`. `kubectl patch --local` applies the same patch with Kubernetes' own code,
/// with which the double is compared.
@Suite("The patch that wires a Rollout")
struct RolloutPatchTests {
    private static let shared = #"""
        "replicas":5,"revisionHistoryLimit":3,"selector":{"matchLabels":{"app":"shop"}},
        "template":{"metadata":{"labels":{"app":"shop"}},"spec":{"containers":[{"name":"shop","image":"shop:7"}]}}
        """#

    private static let canary =
        #"{"maxSurge":"25%","canaryService":"c","stableService":"s","steps":[{"setWeight":20},{"pause":{"duration":"5m"}},{"setWeight":60}]}"#
    private static let analysed =
        #"{"steps":[{"setWeight":20}],"analysis":{"startingStep":2,"templates":[{"templateName":"old"}],"args":[{"name":"old","value":"1"}],"dryRun":[{"metricName":"old"}]}}"#
    private static let blueGreen =
        #"{"activeService":"a","previewService":"p","autoPromotionEnabled":false,"postPromotionAnalysis":{"templates":[{"templateName":"smoke"}]}}"#

    private static let analysedBlueGreen =
        #""blueGreen":{"activeService":"a","prePromotionAnalysis":{"templates":[{"templateName":"old"}],"args":[{"name":"old","value":"1"}]}}"#

    private static let canaryWithoutArguments =
        #""canary":{"steps":[{"setWeight":20}],"analysis":{"templates":[{"templateName":"old"}]}}"#
    private static let blueGreenWithoutArguments =
        #""blueGreen":{"activeService":"a","prePromotionAnalysis":{"templates":[{"templateName":"old"}]}}"#

    private func rollout(_ strategy: String) -> String {
        #"{"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","metadata":{"name":"shop","namespace":"prod","labels":{"team":"a"}},"spec":{\#(Self.shared),"strategy":{\#(strategy)}}}"#
    }

    private func parse(_ text: String) throws -> JSONValue {
        try JSONValue(
            parsing: Array(text.utf8), limits: JSONLimits(maxBytes: 1 << 16, maxDepth: 20))
    }

    private func text(_ value: JSONValue) -> String {
        var writer = JSONWriter()
        writer.value(value)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// JSON merge patch (RFC 7386 §2).
    private static func merge(_ patch: JSONValue, into target: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var members: [JSONValue.Member] = []
        if case .object(let old) = target { members = old }
        for change in changes {
            let place = members.firstIndex { $0.key == change.key }
            if change.value == .null {
                if let place { members.remove(at: place) }
                continue
            }
            let old = place.map { members[$0].value } ?? .object([])
            let new = JSONValue.Member(change.key, merge(change.value, into: old))
            if let place { members[place] = new } else { members.append(new) }
        }
        return .object(members)
    }

    private static func sorted(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let members):
            .object(
                members.map { .init($0.key, sorted($0.value)) }.sorted { $0.key < $1.key })
        case .array(let elements): .array(elements.map(sorted))
        default: value
        }
    }

    /// Every path of `value` whose end is not an object.
    private static func leaves(
        _ value: JSONValue, _ path: String = ""
    ) -> [(path: String, value: JSONValue)] {
        guard case .object(let members) = value, !members.isEmpty else { return [(path, value)] }
        return members.flatMap { leaves($0.value, path + "/" + $0.key) }
    }

    /// The operation `add` of a JSON patch (RFC 6902 §4.1), for members and for the end of a list.
    private static func add(
        _ value: JSONValue, at path: ArraySlice<String>, to target: JSONValue
    ) throws -> JSONValue {
        let key = try #require(path.first)
        let rest = path.dropFirst()
        if case .array(let elements) = target {
            try #require(key == "-" && rest.isEmpty)
            return .array(elements + [value])
        }
        guard case .object(var members) = target else { throw Failed() }
        let place = members.firstIndex { $0.key == key }
        if rest.isEmpty {
            members.removeAll { $0.key == key }
            return .object(members + [.init(key, value)])
        }
        guard let index = place else { throw Failed() }
        members[index] = .init(key, try add(value, at: rest, to: members[index].value))
        return .object(members)
    }

    private struct Failed: Error {}

    private static func apply(_ patch: JSONValue, to target: JSONValue) throws -> JSONValue {
        guard case .array(let operations) = patch else { throw Failed() }
        return try operations.reduce(target) { target, operation in
            #expect(operation["op"]?.string == "add")
            let path = try #require(operation["path"]?.string).split(separator: "/")
            let value = try #require(operation["value"])
            return try add(value, at: path.map(String.init)[...], to: target)
        }
    }

    @Test(
        "a Rollout with an analysis keeps it: the patch appends to it",
        arguments: [
            (
                AnalysisTemplate.Strategy.canary, "\"canary\":" + analysed,
                "/spec/strategy/canary/analysis"
            ),
            (
                .bluegreen, analysedBlueGreen,
                "/spec/strategy/blueGreen/prePromotionAnalysis"
            ),
        ])
    func appends(
        strategy: AnalysisTemplate.Strategy, existing: String, place: String
    ) throws {
        let live = try parse(rollout(existing))
        let template = try AnalysisTemplate(
            name: "pay", namespace: "prod", rollout: "shop", strategy: strategy)
        let comments = template.rolloutComments
        let patched = try Self.apply(ArgoTests.patch("json", in: comments), to: live)
        for (path, value) in Self.leaves(live) {
            let new = try #require(patched.resolve(pointer: path), "\(path)")
            guard case .array(let old) = value, case .array(let all) = new else {
                #expect(new == value, "\(path)")
                continue
            }
            #expect(Array(all.prefix(old.count)) == old, "\(path)")
        }
        let block = try #require(patched.resolve(pointer: place))
        #expect(block["templates"]?.elements?.last?["templateName"]?.string == "pay")
        // The same arguments as for a Rollout without an analysis.
        let merge = try ArgoTests.patch(in: comments).resolve(pointer: place)
        let ours = try #require(merge?["args"]?.elements)
        #expect(block["args"]?.elements?.dropFirst().map(\.self) == ours)
        for word in ["startingStep", "dryRun", "args"] { #expect(comments.contains(word)) }
    }

    /// The JSON patch as the comments say it for an analysis without arguments: the list of the
    /// arguments begins with the operation that they name.
    private static func beginning(in comments: String) throws -> JSONValue {
        let before = "the list with "
        let line = try #require(comments.split(separator: "\n").first { $0.contains(before) })
        let start = try #require(line.firstRange(of: before))
        let operation = try JSONValue(
            parsing: Array(line[start.upperBound...].dropLast().utf8),
            limits: JSONLimits(maxBytes: 1 << 12, maxDepth: 4))
        let rest = try #require(ArgoTests.patch("json", in: comments).elements)
        return .array([operation] + rest)
    }

    @Test(
        "an analysis without arguments gets its list first",
        arguments: [
            (
                AnalysisTemplate.Strategy.canary, canaryWithoutArguments,
                "/spec/strategy/canary/analysis"
            ),
            (
                .bluegreen, blueGreenWithoutArguments,
                "/spec/strategy/blueGreen/prePromotionAnalysis"
            ),
        ])
    func begins(
        strategy: AnalysisTemplate.Strategy, existing: String, place: String
    ) throws {
        let live = try parse(rollout(existing))
        let template = try AnalysisTemplate(
            name: "pay", namespace: "prod", rollout: "shop", strategy: strategy)
        let comments = template.rolloutComments
        // There is no list to append to.
        let appending = try ArgoTests.patch("json", in: comments)
        #expect(throws: Failed.self) { try Self.apply(appending, to: live) }
        let patched = try Self.apply(Self.beginning(in: comments), to: live)
        let block = try #require(patched.resolve(pointer: place))
        let templates = try #require(block["templates"]?.elements)
        #expect(templates.compactMap { $0["templateName"]?.string } == ["old", "pay"])
        let ours = try ArgoTests.patch(in: comments).resolve(pointer: place)?["args"]
        #expect(block["args"] == ours && ours?.elements?.isEmpty == false)
        for (path, value) in Self.leaves(live) where !path.hasPrefix(place) {
            #expect(patched.resolve(pointer: path) == value, "\(path)")
        }
    }

    @Test(
        "nothing that exists is removed or overwritten in a Rollout without an analysis",
        arguments: [
            (
                AnalysisTemplate.Strategy.canary, "\"canary\":" + canary,
                "/spec/strategy/canary/analysis"
            ),
            (.canaryWithoutSteps, #""canary":{"maxSurge":1}"#, "/spec/strategy/canary/analysis"),
            (
                .bluegreen, "\"blueGreen\":" + blueGreen,
                "/spec/strategy/blueGreen/prePromotionAnalysis"
            ),
        ])
    func keeps(
        strategy: AnalysisTemplate.Strategy, existing: String, place: String
    ) throws {
        let live = try parse(rollout(existing))
        let template = try AnalysisTemplate(
            namespace: "prod", rollout: "shop", strategy: strategy)
        let patch = try ArgoTests.patch(in: template.rolloutComments)
        let patched = Self.merge(patch, into: live)
        for (path, value) in Self.leaves(live) where !path.hasPrefix(place) {
            #expect(patched.resolve(pointer: path) == value, "\(path)")
        }
        let analysis = try #require(patched.resolve(pointer: place))
        #expect(analysis["templates"]?[0]?["templateName"]?.string == "bellwether")
        // A second time changes nothing.
        #expect(Self.merge(patch, into: patched) == patched)
    }

    @Test(
        "Kubernetes' own code applies both patches as these tests do",
        .enabled(if: Kubectl.path != nil, "there is no kubectl"),
        arguments: [
            (AnalysisTemplate.Strategy.canary, "\"canary\":" + canary, "merge"),
            (.canaryWithoutSteps, #""canary":{"maxSurge":1}"#, "merge"),
            (.bluegreen, "\"blueGreen\":" + blueGreen, "merge"),
            (.canary, "\"canary\":" + analysed, "json"),
            (.bluegreen, analysedBlueGreen, "json"),
            (.canary, canaryWithoutArguments, "begin"),
            (.bluegreen, blueGreenWithoutArguments, "begin"),
        ])
    func real(strategy: AnalysisTemplate.Strategy, existing: String, type: String) async throws {
        let live = try parse(rollout(existing))
        let template = try AnalysisTemplate(
            namespace: "prod", rollout: "shop", strategy: strategy)
        let comments = template.rolloutComments
        let patch =
            try type == "begin"
            ? Self.beginning(in: comments) : ArgoTests.patch(type, in: comments)
        let ours =
            try type == "merge" ? Self.merge(patch, into: live) : Self.apply(patch, to: live)
        let theirs = try await Kubectl.patch(
            text(live), type: type == "merge" ? "merge" : "json", text(patch))
        #expect(try Self.sorted(parse(theirs)) == Self.sorted(ours))
    }

    @Test("only comments name the Rollout and the Secret: applying the output changes neither")
    func comments() throws {
        let template = try AnalysisTemplate(namespace: "prod", rollout: "shop")
        let whole = template.yaml + template.secretComments + template.rolloutComments
        let objects = whole.split(separator: "\n").filter { $0.hasPrefix("kind:") }
        #expect(objects == ["kind: AnalysisTemplate"])
        #expect(!whole.contains("apply"))
        // The commands create and patch; none replaces.
        let commands = whole.split(separator: "\n").filter { $0.contains("kubectl") }
        #expect(commands.count == 4)
        let verbs = [" create ", " patch ", " get "]
        #expect(commands.allSatisfy { command in verbs.contains { command.contains($0) } })
    }
}
